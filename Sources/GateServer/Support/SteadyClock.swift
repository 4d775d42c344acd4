#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The time of day as it was at the start, and what has passed since, sleep of the machine included: whoever sets the clock changes
/// nothing that is measured by it.
package struct SteadyClock: Sendable {
    private let offset: Int

    package init() { offset = WallClock.milliseconds() - SteadyClock.passed() }

    /// Milliseconds since 1970, UTC.
    package func milliseconds() -> Int { offset + SteadyClock.passed() }

    /// Milliseconds that have passed on the clock that only runs.
    static func passed() -> Int {
        var now = timespec()
        #if canImport(Darwin)
            clock_gettime(CLOCK_MONOTONIC, &now)
        #else
            clock_gettime(CLOCK_BOOTTIME, &now)
        #endif
        return Int(now.tv_sec) * 1_000 + Int(now.tv_nsec) / 1_000_000
    }
}
