import GateBackend
import GateConfig
import GateCore
import GateProtocol
import Logging
import NIOCore
import Synchronization

/// Changing backends while calls are under way: who is out gets no new calls, and is stopped when its last one has ended.
extension BackendRegistry {
    /// Makes the running backends those of a new configuration, all at one moment.
    ///
    /// - Throws: `SERVER_EXISTS` when a server of that name was added meanwhile; nothing has been changed then.
    func apply(_ change: ConfigChange) throws(GateError) {
        let config = change.inForce
        let runtime = Set(entries.filter(\.isRuntime).map { ExactText($0.config.name) })
        let replacements = change.changed.map {
            makeEntry($0, config, isRuntime: runtime.contains(ExactText($0.name)))
        }
        let additions = change.added.map { makeEntry($0, config, isRuntime: false) }
        let removed = change.removed.map { ExactText($0) }
        let swap = state.withLock { state -> Swap in
            for entry in additions {
                let folded = BackendName.folded(entry.config.name)
                let isTaken = state.order.contains { !removed.contains($0) && BackendName.folded($0.text) == folded }
                if isTaken { return .taken(entry.config.name) }
            }
            var out: [Entry] = []
            var came: [Entry] = []
            for name in removed {
                state.order.removeAll { $0 == name }
                if let old = state.takeOut(name) { out.append(old) }
            }
            for entry in replacements {
                let name = ExactText(entry.config.name)
                // One that was removed by hand at this very moment stays removed.
                guard let old = state.takeOut(name) else { continue }
                state.entries[name] = entry
                out.append(old)
                came.append(entry)
            }
            for entry in additions {
                let name = ExactText(entry.config.name)
                state.order.append(name)
                state.entries[name] = entry
                came.append(entry)
            }
            state.config = config
            return .done(out: out, came: came)
        }
        switch swap {
        case .taken(let name): throw BackendRegistry.exists(name)
        case .done(let out, let came):
            for name in change.removed {
                forget(name)
                events.publish(.serverRemoved, server: name, reason: "no longer in the configuration")
            }
            let added = Set(additions.map(\.generation))
            for entry in came {
                let isNew = added.contains(entry.generation)
                events.publish(
                    isNew ? .serverAdded : .server, server: entry.config.name,
                    reason: isNew ? "new in the configuration" : "its configuration has changed")
                begin(entry)
            }
            for entry in out { retire(entry) }
        }
    }

    private enum Swap {
        case taken(String)
        case done(out: [Entry], came: [Entry])
    }

    /// Stops a backend that was taken out of the registry, behind its calls or when their time is over.
    func retire(_ entry: Entry) {
        if entry.backend.settings.isolation == .perSession { sessionKeepers.subtract(1, ordering: .relaxed) }
        let time = config.limits.drainTimeout
        let calls = entry.calls.calls
        if calls > 0 {
            logger.info(
                "server is out of use: calls in flight have \(time.components.seconds) s to finish",
                metadata: ["server": "\(entry.config.name)", "calls": "\(calls)"])
        }
        let timer = group.next().scheduleTask(in: TimeAmount(time)) { [self] in stop(retired: entry) }
        entry.calls.close { [self] in
            timer.cancel()
            stop(retired: entry)
        }
    }

    private func stop(retired entry: Entry) {
        let isFirst = state.withLock { $0.retiring.removeValue(forKey: entry.generation) != nil }
        if isFirst { entry.backend.shutDown() }
    }

    /// Lets no more calls in and waits until those in flight have ended.
    ///
    /// - Returns: whether they have, before their time was over.
    func drain(within time: Duration) async -> Bool {
        let gates = state.withLock { state in state.all.map(\.calls) }
        let loop = group.next()
        let promise = loop.makePromise(of: Bool.self)
        let timer = loop.scheduleTask(in: TimeAmount(time)) { promise.succeed(false) }
        let left = CallGate()
        for gate in gates {
            // The gate of gates: each one that is not empty yet is a call in it.
            _ = left.enter()
            gate.close { left.leave() }
        }
        left.close { promise.succeed(true) }
        let isEmpty = try? await promise.futureResult.get()
        timer.cancel()
        return isEmpty ?? false
    }

    /// Calls that are with a backend, those on their way out included.
    var callsInFlight: Int {
        state.withLock { state in state.all.reduce(0) { $0 + $1.calls.calls } }
    }
}
