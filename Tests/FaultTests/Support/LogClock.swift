import GateTestKit

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The wall clock as the gateway's log has it, to the millisecond of the day.
struct LogClock {
    var milliseconds: Int

    static var now: LogClock {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return LogClock(milliseconds: (time.tv_sec % 86400) * 1000 + time.tv_nsec / 1_000_000)
    }

    /// The time of a line such as `2026-01-02T03:04:05.678Z INFO …`.
    init?(line: String) {
        guard let clock = line.split(separator: "T", maxSplits: 1).dropFirst().first?.prefix(12), clock.count == 12
        else {
            return nil
        }
        let numbers = clock.split { ":.".contains($0) }.compactMap { Int($0) }
        guard numbers.count == 4 else { return nil }
        milliseconds = ((numbers[0] * 60 + numbers[1]) * 60 + numbers[2]) * 1000 + numbers[3]
    }

    init(milliseconds: Int) { self.milliseconds = milliseconds }

    func since(_ earlier: LogClock) -> Duration {
        .milliseconds((milliseconds - earlier.milliseconds + 86_400_000) % 86_400_000)
    }
}
