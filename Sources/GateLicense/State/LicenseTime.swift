/// The time of one event, from both clocks of the machine, in whole seconds.
package struct LicenseTime: Sendable, Equatable {
    /// Seconds since 1970, as the machine believes: whoever owns the machine can set it.
    package var wall: Int
    /// Seconds of a clock that only runs, sleep of the machine included. It may begin anywhere.
    package var steady: Int

    package init(wall: Int, steady: Int) {
        self.wall = wall
        self.steady = steady
    }

    static let day = 86_400
    /// The end of the year 9999: nothing that is read may lie beyond, so that sums of two moments cannot overflow.
    package static let latest = 253_402_300_799
}
