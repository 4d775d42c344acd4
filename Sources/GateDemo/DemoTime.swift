/// The time at which something happens, as an input: the server itself never reads a clock.
package struct DemoTime: Sendable, Equatable {
    /// Of a clock that only runs forward; what deadlines are counted in.
    package var uptime: Duration
    /// Seconds since 1970, for people.
    package var unixSeconds: Int

    package init(uptime: Duration, unixSeconds: Int) {
        self.uptime = uptime
        self.unixSeconds = unixSeconds
    }
}
