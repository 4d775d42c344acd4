import Dispatch
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Watching a process from outside, where nothing tells when something changes: a sample every few milliseconds on a
/// thread of its own.
package final class Sampling: Sendable {
    /// The most that was seen of anything.
    package struct Peak: Sendable {
        package var resident = 0
        package var descriptors = 0
        package var threads = 0
        package var zombies = 0
        package var custom = 0

        package init() {}

        package var megabytes: Double { Double(Int(Double(resident) / 1048576 * 10)) / 10 }
    }

    private let peak = Mutex(Peak())
    private let isStopping = Mutex(false)
    private let ended = Journal<Bool>(name: "end of the sampling")

    /// - Parameter custom: something else of which the most is kept.
    package init(of pid: Int32, every pause: Duration = .milliseconds(50), custom: (@Sendable () -> Int)? = nil) {
        DispatchQueue(label: "sampling").async { [self] in
            while !isStopping.withLock({ $0 }) {
                let sample = ProcessSample(of: pid)
                let other = custom?() ?? 0
                peak.withLock { peak in
                    peak.resident = max(peak.resident, sample.resident)
                    peak.descriptors = max(peak.descriptors, sample.descriptors)
                    peak.threads = max(peak.threads, sample.threads)
                    peak.zombies = max(peak.zombies, sample.zombies)
                    peak.custom = max(peak.custom, other)
                }
                Sampling.rest(pause)
            }
            ended.append(true)
        }
    }

    package var soFar: Peak { peak.withLock { $0 } }

    package func stop() async throws -> Peak {
        isStopping.withLock { $0 = true }
        _ = try await ended.first { _ in true }
        return soFar
    }

    /// Looks until `condition` holds.
    /// - Returns: how long that took; nil when the time was up.
    package static func until(
        within time: Duration = .seconds(20), every pause: Duration = .milliseconds(5),
        _ condition: @escaping @Sendable () -> Bool
    ) async throws -> Duration? {
        try await offPool {
            let start = ContinuousClock.now
            while !condition() {
                if .now - start > time { return nil }
                rest(pause)
            }
            return .now - start
        }
    }

    /// What a process holds when that has not changed for a while: connections and threads on their way out have gone.
    /// - Parameter before: what it should come back to; looking ends when it has.
    package static func settled(
        _ pid: Int32, like before: ProcessSample? = nil, quiet: Duration = .seconds(1),
        within time: Duration = .seconds(15)
    ) async throws -> ProcessSample {
        try await offPool {
            let start = ContinuousClock.now
            var sample = ProcessSample(of: pid)
            var since = start
            while .now - start < time {
                let isThere =
                    before.map { sample.isBack(at: $0) } ?? (.now - since >= quiet && sample.zombies == 0)
                if isThere { break }
                rest(.milliseconds(25))
                let next = ProcessSample(of: pid)
                if next.holdings != sample.holdings { since = .now }
                sample = next
            }
            return sample
        }
    }

    /// Waits, blocking this thread.
    package static func rest(_ time: Duration) { usleep(UInt32(clamping: Int(time.milliseconds * 1000))) }
}
