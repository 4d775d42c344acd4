import Synchronization

/// The bytes that the whole process holds for others: request bodies, replies that clients have not taken, bytes that wait
/// for backends, answers that have half arrived. One atomic counter, no lock.
///
/// A charge never fails; what is held is counted in any case, so that every charge has exactly one release. Whoever is about
/// to take on more work asks ``admits(_:)`` first. By default 96 MiB; new sessions end at 80 % of it, new calls at 90 %.
package final class MemoryBudget: Sendable {
    /// Work that can be refused, from what is given up first.
    package enum Work: Sendable {
        case session
        case call
        /// Bytes of a body that is already being received.
        case body
    }

    package let limit: Int
    private let counter = Atomic<Int>(0)
    private let refusals = Atomic<Int>(0)
    private let sessionMark: Int
    private let callMark: Int

    package init(limit: Int = 96 * 1024 * 1024) {
        self.limit = max(1, limit)
        sessionMark = self.limit / 5 * 4
        callMark = self.limit / 10 * 9
    }

    /// Bytes held now.
    package var used: Int { counter.load(ordering: .relaxed) }

    /// How often work was refused.
    package var refused: Int { refusals.load(ordering: .relaxed) }

    /// Counts bytes as held; negative numbers give them back.
    package func charge(_ bytes: Int) {
        guard bytes != 0 else { return }
        counter.wrappingAdd(bytes, ordering: .relaxed)
    }

    package func release(_ bytes: Int) { charge(-bytes) }

    /// Whether there is room for more of this kind. A refusal is counted.
    package func admits(_ work: Work) -> Bool {
        let mark =
            switch work {
            case .session: sessionMark
            case .call: callMark
            case .body: limit
            }
        if used <= mark { return true }
        refusals.wrappingAdd(1, ordering: .relaxed)
        return false
    }
}
