/// The life of one asynchronous call, as a value: it begins queued, ends once, and never changes after that.
///
/// That it is being sent is first written where it lasts, and only then sent: after a crash nothing that may have been sent counts as
/// waiting. In the same way an end is first written and then shown: between the two the call is ending, its owner still sees what was
/// before, and nothing else can end it.
package struct AsyncCallState: Sendable, Equatable {
    package enum Event: Sendable, Hashable {
        /// A place became free: the call is about to go to its server.
        case begins
        /// That it runs lies in the store: it is sent.
        case began
        /// Nothing was sent after all: the server could not take it. It waits again.
        case postponed
        /// So many of the server's questions wait for the owner.
        case asked(Int)
        /// The owner, or whoever stops the gateway, wants it no more.
        case cancelled
        /// The work is over.
        case ended(AsyncCallEnd)
        /// The end lies in the store. False: it could not be written, so that nobody may rely on it.
        case kept(Bool)
    }

    package enum Action: Sendable, Hashable {
        case nothing
        /// What the owner sees has changed.
        case tell
        /// Write that it runs, then say ``Event/began``.
        case keepIntent
        /// Write this end, then say ``Event/kept(_:)``.
        case keep(AsyncCallEnd)
        /// The same, and the work is to be stopped: it is no longer wanted.
        case stopAndKeep(AsyncCallEnd)
        /// The end can be seen: whoever waits is told, and what was held for the call is let go.
        case publish(AsyncCallEnd)
    }

    private enum Phase: Sendable, Equatable {
        case queued
        /// It is being written that the call runs.
        case beginning
        case running
        case asking
        case ending(AsyncCallEnd, shown: AsyncCallStatus)
        case over(AsyncCallEnd)
    }

    private var phase = Phase.queued
    /// Milliseconds since 1970.
    package let createdAt: Int
    /// When what the owner sees changed last. Never runs backwards, whatever the clock does.
    package private(set) var updatedAt: Int
    /// Rises with every change: tells an earlier state from a later one.
    package private(set) var revision: UInt64 = 0

    package init(now: Int) {
        createdAt = now
        updatedAt = now
    }

    /// A call of an earlier run: one that waits, or else one that ran when that run ended.
    /// - Parameter revision: the last that was kept.
    package init(isQueued: Bool, createdAt: Int, updatedAt: Int, revision: UInt64) {
        phase = isQueued ? .queued : .running
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.revision = revision
    }

    /// What the owner sees.
    package var status: AsyncCallStatus {
        switch phase {
        case .queued, .beginning: .queued
        case .running: .running
        case .asking: .inputRequired
        case .ending(_, let shown): shown
        case .over(let end): end.status
        }
    }

    /// What is kept: of a call that begins, that it runs.
    package var keptStatus: AsyncCallStatus { phase == .beginning ? .running : status }

    /// Whether it is decided how it ends, seen or not yet seen.
    package var isDecided: Bool {
        switch phase {
        case .ending, .over: true
        case .queued, .beginning, .running, .asking: false
        }
    }

    /// The end that is being written; nil before and after.
    package var ending: AsyncCallEnd? {
        if case .ending(let end, _) = phase { end } else { nil }
    }

    package mutating func event(_ event: Event, now: Int) -> Action {
        switch (phase, event) {
        case (.queued, .begins):
            return show(.beginning, updatedAt, .keepIntent)
        case (.beginning, .began):
            return show(.running, now, .tell)
        case (.beginning, .postponed), (.running, .postponed):
            return show(.queued, now, .tell)
        case (.running, .asked(let open)) where open > 0:
            return show(.asking, now, .tell)
        case (.asking, .asked(let open)):
            // Another question, or one less, is news too.
            return show(open > 0 ? .asking : .running, now, .tell)
        case (.queued, .cancelled), (.beginning, .cancelled):
            return show(.ending(.cancelled, shown: status), updatedAt, .keep(.cancelled))
        case (.running, .cancelled), (.asking, .cancelled):
            return show(.ending(.cancelled, shown: status), updatedAt, .stopAndKeep(.cancelled))
        case (.queued, .ended(let end)), (.beginning, .ended(let end)), (.running, .ended(let end)),
            (.asking, .ended(let end)):
            return show(.ending(end, shown: status), updatedAt, .keep(end))
        case (.ending(let end, _), .kept(let isKept)):
            let seen = isKept ? end : .outcomeUnknown
            return show(.over(seen), now, .publish(seen))
        default:
            return .nothing
        }
    }

    private mutating func show(_ next: Phase, _ now: Int, _ action: Action) -> Action {
        phase = next
        revision += 1
        updatedAt = max(updatedAt, now)
        return action
    }
}
