import CSpawn
import Dispatch
import Synchronization

/// What the processes of all children use, counted in one pass over the system's processes, on a thread of its own.
///
/// Whoever wants to show it asks for a fresh count first; those who ask at the same time, or soon after, share one.
package final class ProcessCensus: Sendable {
    package static let shared = ProcessCensus()

    private struct State {
        var usage: [Int32: (startTime: UInt64, usage: ProcessTreeUsage)] = [:]
        var taken: ContinuousClock.Instant?
        var isCounting = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "stonegate.census", qos: .utility)

    /// Returns when a count not older than `maxAge` is there.
    package func refresh(maxAge: Duration = .seconds(1)) async {
        await withCheckedContinuation { continuation in
            let (isFresh, starts) = state.withLock { state in
                if !state.isCounting, let taken = state.taken, taken.duration(to: .now) < maxAge {
                    return (true, false)
                }
                state.waiting.append(continuation)
                defer { state.isCounting = true }
                return (false, !state.isCounting)
            }
            if isFresh { continuation.resume() }
            if starts { queue.async { self.count() } }
        }
    }

    /// As of the last count; nil for a child that was not there then, and on systems other than Linux.
    package func usage(of child: ChildProcess) -> ProcessTreeUsage? {
        state.withLock { state in
            guard let found = state.usage[child.pid], found.startTime == child.startTime else { return nil }
            return found.usage
        }
    }

    private func count() {
        let counted = ProcessTreeUsage.ofOwnChildren()
        let waiting = state.withLock { state in
            state.usage = counted
            state.taken = .now
            state.isCounting = false
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}
