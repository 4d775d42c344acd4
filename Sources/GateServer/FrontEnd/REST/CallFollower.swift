import GateBackend
import GateCore
import NIOCore
import Synchronization

/// Writes the changes of one call on a stream, each once and in order, until the call has ended.
final class CallFollower: Sendable {
    private struct State {
        var watches: [EventSubscription] = []
        var lastRevision: UInt64?
        var isOver = false
    }

    private let id: AsyncCallID
    private let stream: RESTEventStream
    private let state = Mutex(State())

    init(_ id: AsyncCallID, _ stream: RESTEventStream) {
        self.id = id
        self.stream = stream
    }

    func hold(_ watches: [EventSubscription]) {
        let late = state.withLock { state in
            if !state.isOver { state.watches = watches }
            return state.isOver ? watches : []
        }
        _ = late
    }

    /// - Parameter isProgress: nothing else is new.
    func tell(_ view: AsyncCallView, isProgress: Bool) {
        guard view.id == id else { return }
        let hasEnded = view.status.end != nil
        let revision = view.record.revision
        // Written under the lock: two threads may tell at once.
        let gone = state.withLock { state -> [EventSubscription] in
            guard !state.isOver else { return [] }
            if isProgress {
                guard revision >= state.lastRevision ?? 0 else { return [] }
            } else {
                if let last = state.lastRevision, revision <= last { return [] }
                state.lastRevision = revision
            }
            stream.send(CallFollower.event(isProgress ? "progress" : "status", view))
            guard hasEnded else { return [] }
            state.isOver = true
            defer { state.watches = [] }
            return state.watches
        }
        if hasEnded { stream.finish() }
        withExtendedLifetime(gone) {}
    }

    func end() {
        let gone = state.withLock { state in
            state.isOver = true
            defer { state.watches = [] }
            return state.watches
        }
        withExtendedLifetime(gone) {}
    }

    private static func event(_ name: String, _ view: AsyncCallView) -> ByteBuffer {
        var out = ByteBuffer(string: "id: \(view.record.revision)\nevent: \(name)\ndata: ")
        for part in CallDocument(view).parts(withResult: false) { out.writeImmutable(part) }
        out.writeStaticString("\n\n")
        return out
    }
}
