import GateCore
import GateProtocol
import Logging
import NIOCore
import Synchronization

/// Listening to a backend of 2026-07-28: one stream for its lists and all resources that somebody follows.
extension Backend {
    /// How long more is waited for before a stream is replaced.
    private static let listenPause = TimeAmount.milliseconds(50)

    /// Opens a stream for what is wanted now, if that is not what is listened to already; soon, because wishes come in bursts.
    func listenAgain() async {
        let isFirst = state.withLock { state in
            defer { state.isListenDue = true }
            return !state.isListenDue
        }
        guard isFirst else { return }
        let waited = loop.scheduleTask(in: Backend.listenPause) {}
        try? await waited.futureResult.get()
        notice(.listen)
    }

    /// Keeps a stream open for as long as it is the one that is wanted.
    func listen() async {
        let begun = state.withLock { state -> (BackendConnection, UInt64, ListenPlan.Filter)? in
            state.isListenDue = false
            guard let live = state.live, live.greeting.version.era == .modern else { return nil }
            let filter = live.greeting.filter(state.watches.uris)
            guard state.listening.wants(filter) else { return nil }
            let key = live.connection.makeKey()
            state.listening.begin(key, filter)
            state.watches.asking()
            return (live.connection, key, filter)
        }
        guard let (connection, key, filter) = begun else { return closeIdleStreams() }
        // One that does not say what it grants grants nothing.
        let patience = loop.scheduleTask(in: .nanoseconds(settings.listTimeout.wholeNanoseconds)) { [self] in
            let waiters = state.withLock { state in
                state.listening.isPending(key)
                    ? filter.uris.flatMap { state.watches.settle($0, refusal: cannotWatch()) } : []
            }
            for waiter in waiters { waiter.resume(returning: cannotWatch()) }
        }
        defer { patience.cancel() }
        var members = ByteBuffer()
        members.writeStaticString("\"notifications\":")
        members.writeBytes(filter.json.bytes)
        let began = Instant.now
        var isRefused = false
        do throws(GateError) {
            let end = try await connection.send(
                BackendRequest(MCPMethod.listen, .members(members), deadline: nil), key: key)
            // A backend that refuses to be listened to is listed by the clock alone.
            isRefused = end.envelope.kind == .failure
        } catch {
            isRefused = error.upstreamStatus != nil
        }
        await ended(key, on: connection, after: began.duration(to: .now), filter, isRefused: isRefused)
    }

    private func ended(
        _ key: UInt64, on connection: BackendConnection, after time: Duration, _ filter: ListenPlan.Filter,
        isRefused: Bool
    ) async {
        let (goesOn, pause, waiters) = state.withLock { state -> (Bool, Duration, [WatchTable.Waiter]) in
            // Ended with its conversation: there is nothing to wait for, and somebody may wait for this.
            guard state.live?.connection === connection else { return (false, .zero, []) }
            let goesOn = state.listening.ended(key, refused: isRefused)
            if time > .seconds(30) { state.listenBackoff.reset() }
            var waiters: [WatchTable.Waiter] = []
            if isRefused { for uri in filter.uris { waiters += state.watches.settle(uri, refusal: cannotWatch()) } }
            return (goesOn, goesOn ? state.listenBackoff.next(random: Double.random(in: 0..<1)) : .zero, waiters)
        }
        for waiter in waiters { waiter.resume(returning: cannotWatch()) }
        guard goesOn else { return }
        let waited = loop.scheduleTask(in: .nanoseconds(pause.wholeNanoseconds)) {}
        try? await waited.futureResult.get()
        notice(.listen)
    }

    /// The backend listens: what it has granted, and what may have changed before, is settled.
    func acknowledged(_ message: WireMessage, on connection: BackendConnection) {
        let key = message.meta(MCPMeta.subscriptionId).flatMap { connection.requestKey(message, $0) }
        let granted = message.value(message.param("notifications"))?["resourceSubscriptions"]?.arrayValue
        let uris = Set((granted ?? []).compactMap { $0.stringValue.map { ExactText($0) } })
        var waiting: [(WatchTable.Waiter, Bool)] = []
        var followers: [(String, WatchTable.Body)] = []
        let opened = state.withLock { state -> ListenPlan.Opened? in
            guard state.live?.connection === connection, let key, let opened = state.listening.opened(key) else {
                return nil
            }
            for uri in opened.filter.uris {
                let isHeld = uris.contains(ExactText(uri))
                waiting += state.watches.settle(uri, refusal: isHeld ? nil : cannotWatch()).map { ($0, isHeld) }
                if opened.isFirst, state.isReconnected, isHeld {
                    followers += state.watches.followers(of: uri).map { (uri, $0) }
                }
            }
            return opened
        }
        guard let opened else { return }
        for (waiter, isHeld) in waiting { waiter.resume(returning: isHeld ? nil : cannotWatch()) }
        for key in opened.replaced { connection.giveUp(key) }
        for (uri, follower) in followers { follower(uri) }
        // What changed before anybody listened was not announced.
        if opened.isFirst { notice(.listsChanged(.all)) }
    }

    /// There is no stream to begin: what is left over is settled.
    private func closeIdleStreams() {
        let (connection, keys, waiters) = state.withLock {
            state -> (BackendConnection?, [UInt64], [WatchTable.Waiter]) in
            guard let live = state.live, live.greeting.version.era == .modern else { return (nil, [], []) }
            let isIdle = live.greeting.filter(state.watches.uris).isEmpty
            return (
                live.connection, isIdle ? state.listening.closeAll() : [], state.watches.refuseWanted(cannotWatch())
            )
        }
        for key in keys { connection?.giveUp(key) }
        for waiter in waiters { waiter.resume(returning: cannotWatch()) }
    }
}

extension BackendGreeting {
    /// What of its announcements is asked for.
    fileprivate func filter(_ uris: [String]) -> ListenPlan.Filter {
        ListenPlan.Filter(
            tools: offers.contains(.toolChanges), prompts: offers.contains(.promptChanges),
            resources: offers.contains(.resourceChanges),
            uris: offers.contains(.resourceUpdates) ? uris : [])
    }
}
