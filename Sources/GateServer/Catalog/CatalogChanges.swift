import GateBackend
import GateCore
import GateProtocol
import NIOCore
import Synchronization

/// Tells subscribers that what they see has changed: only when it really has, and once for a burst of changes.
final class CatalogChanges: Sendable {
    private struct Subscriber: Sendable {
        let visibility: Visibility
        let body: @Sendable (CatalogKinds) -> Void
    }

    /// Of everything that is seen, by kind.
    private struct Fingerprint {
        var tools: UInt64 = 0
        var resources: UInt64 = 0
        var templates: UInt64 = 0
        var prompts: UInt64 = 0

        init() {}

        init(_ snapshot: CatalogSnapshot, _ visibility: Visibility) {
            let form = ListForm(era: .modern)
            tools = snapshot.fingerprint(.tools, visibility, form)
            resources = snapshot.fingerprint(.resources, visibility, form)
            templates = snapshot.fingerprint(.resourceTemplates, visibility, form)
            prompts = snapshot.fingerprint(.prompts, visibility, form)
        }

        func differences(from other: Fingerprint) -> CatalogKinds {
            var kinds: CatalogKinds = []
            if tools != other.tools { kinds.insert(.tools) }
            if resources != other.resources || templates != other.templates { kinds.insert(.resources) }
            if prompts != other.prompts { kinds.insert(.prompts) }
            return kinds
        }
    }

    private struct State {
        var subscribers: [UInt64: Subscriber] = [:]
        var nextID: UInt64 = 0
        var fingerprints: [Visibility: Fingerprint] = [:]
        var isScheduled = false
        var loop: (any EventLoop)?
    }

    /// How long a burst of changes is waited out.
    private static let quietTime = TimeAmount.milliseconds(500)

    private let state = Mutex(State())

    /// Sets the loop that waits out bursts. Before, nobody is told.
    func run(on loop: any EventLoop) { state.withLock { $0.loop = loop } }

    func subscribe(
        _ visibility: Visibility, catalog: ToolCatalog, _ body: @escaping @Sendable (CatalogKinds) -> Void
    ) -> EventSubscription {
        let known = state.withLock { $0.fingerprints[visibility] != nil }
        let fingerprint = known ? Fingerprint() : Fingerprint(catalog.snapshot, visibility)
        let id = state.withLock { state in
            state.nextID &+= 1
            state.subscribers[state.nextID] = Subscriber(visibility: visibility, body: body)
            if state.fingerprints[visibility] == nil { state.fingerprints[visibility] = fingerprint }
            return state.nextID
        }
        return EventSubscription { [self] in
            state.withLock { state in
                guard let gone = state.subscribers.removeValue(forKey: id) else { return }
                if !state.subscribers.values.contains(where: { $0.visibility == gone.visibility }) {
                    state.fingerprints[gone.visibility] = nil
                }
            }
        }
    }

    func changed(_ catalog: ToolCatalog) {
        let loop = state.withLock { state -> (any EventLoop)? in
            guard !state.isScheduled, let loop = state.loop else { return nil }
            state.isScheduled = true
            return loop
        }
        _ = loop?.scheduleTask(in: CatalogChanges.quietTime) { self.tell(catalog) }
    }

    private func tell(_ catalog: ToolCatalog) {
        let snapshot = catalog.snapshot
        let watched = state.withLock { state in
            state.isScheduled = false
            return Array(state.fingerprints.keys)
        }
        let now = watched.map { ($0, Fingerprint(snapshot, $0)) }
        let due = state.withLock { state in
            var moved: [Visibility: CatalogKinds] = [:]
            for (visibility, fingerprint) in now {
                guard let before = state.fingerprints[visibility] else { continue }
                state.fingerprints[visibility] = fingerprint
                let kinds = fingerprint.differences(from: before)
                if !kinds.isEmpty { moved[visibility] = kinds }
            }
            return state.subscribers.values.compactMap { subscriber in
                moved[subscriber.visibility].map { (subscriber, $0) }
            }
        }
        for (subscriber, kinds) in due { subscriber.body(kinds) }
    }
}
