/// The time that licenses go by. It does not go back when the machine's clock does, and does not run away with it.
///
/// Signed times put the mark; what passes on the steady clock moves it on. The machine's clock moves it on as well, as long as it is
/// not further ahead than a machine is that was switched off for a weekend. Beyond that the machine's clock may be wrong, and what
/// would follow from it must not be done at once.
package struct TrustedClock: Sendable, Equatable {
    /// How far ahead of the mark the machine's clock is believed.
    package static let tolerance = 48 * 3_600

    /// Seconds since 1970; nil before the first signed time.
    package private(set) var mark: Int?
    /// How far the machine's clock is ahead when it is not believed.
    package private(set) var wallAhead: Int?
    private var steady: Int?

    package init(mark: Int? = nil) {
        self.mark = mark.map { min(max($0, 0), LicenseTime.latest) }
    }

    /// - Returns: the seconds since the last time, on the steady clock.
    @discardableResult mutating func advance(_ time: LicenseTime) -> Int {
        let passed = min(max(0, time.steady.subtractingReportingOverflow(steady ?? time.steady).partialValue), 1 << 40)
        steady = time.steady
        guard var mark else { return passed }
        mark = min(mark + passed, LicenseTime.latest)
        let wall = min(max(time.wall, 0), LicenseTime.latest)
        if wall - mark > TrustedClock.tolerance {
            wallAhead = wall - mark
        } else {
            wallAhead = nil
            mark = max(mark, wall)
        }
        self.mark = mark
        return passed
    }

    /// Takes a signed time that is fresh, because it came with the answer to a nonce of our own. It counts in both directions: a mark
    /// that a wrong clock has moved ahead would otherwise stay there for ever.
    mutating func set(_ signed: Int, _ time: LicenseTime) {
        mark = min(max(signed, 0), LicenseTime.latest)
        advance(time)
    }

    /// Takes a signed time that may be old, as that of a file.
    mutating func raise(_ signed: Int, _ time: LicenseTime) {
        mark = max(mark ?? 0, min(max(signed, 0), LicenseTime.latest))
        advance(time)
    }
}
