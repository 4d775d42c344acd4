/// What a heartbeat tells beside the ids, all of it: numbers, and rounded.
package struct Telemetry: Sendable, Equatable {
    package var uptimeSeconds: Int
    package var backends: Int
    package var calls: Int

    package init(uptimeSeconds: Int, backends: Int, calls: Int) {
        self.uptimeSeconds = uptimeSeconds
        self.backends = backends
        self.calls = calls
    }

    /// - Parameter tier: 0 Free, 1 Pro, 2 Enterprise.
    package func counters(tier: Int) -> [String: Int] {
        [
            "tier": tier, "uptime_hours": max(0, uptimeSeconds) / 3_600, "backends": Telemetry.rounded(backends),
            "calls": Telemetry.rounded(calls),
        ]
    }

    /// Two digits and zeros: enough to see how much, too little to recognise somebody by.
    static func rounded(_ value: Int) -> Int {
        var unit = 1
        var left = min(max(0, value), WireLimits.numbers.upperBound)
        let bounded = left
        while left >= 100 {
            left /= 10
            unit *= 10
        }
        return bounded / unit * unit
    }
}
