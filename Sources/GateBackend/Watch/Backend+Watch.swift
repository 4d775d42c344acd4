import GateCore
package import GateProtocol
import Logging
import NIOCore
import Synchronization

/// Resources that somebody follows. A backend of the session revisions is asked for each once, however many follow it.
extension Backend {
    /// Follows a resource until the returned watch is released, over restarts of the backend too: `body` gets the URI of each
    /// update, and also that of the resource itself when the backend has been reached again, because what happened meanwhile was
    /// not announced to anybody.
    ///
    /// - Throws: the backend's refusal, or that it does not tell of updates. While it cannot be reached nothing is known of that:
    ///   it is asked when it can be.
    package func watch(_ uri: String, _ body: @escaping @Sendable (String) -> Void) async throws(GateError)
        -> ResourceWatch
    {
        let (id, canNot, isLive) = state.withLock { state -> (UInt64, Bool, Bool) in
            if state.live.map({ !$0.greeting.offers.contains(.resourceUpdates) }) ?? false { return (0, true, true) }
            return (state.watches.add(uri, body), false, state.live != nil)
        }
        if canNot { throw cannotWatch() }
        let watch = ResourceWatch { [self] in
            state.withLock { $0.watches.remove(id, of: uri) }
            notice(.watchesChanged)
        }
        guard isLive else {
            wake()
            return watch
        }
        notice(.watchesChanged)
        let refusal = await withCheckedContinuation { (waiter: WatchTable.Waiter) in
            let wait = state.withLock { $0.live == nil ? .known(nil) : $0.watches.wait(for: uri, waiter) }
            if case .known(let refusal) = wait { waiter.resume(returning: refusal) }
        }
        if let refusal { throw refusal }
        return watch
    }

    func cannotWatch() -> GateError {
        GateError(
            .badRequest, "Server '\(name)' does not tell when its resources change: it cannot be subscribed to.",
            source: .backend, server: name)
    }

    /// Brings what the backend knows in line with what is followed.
    func settleWatches() async {
        let isModern = state.withLock { $0.live?.greeting.version.era == .modern }
        if isModern { return await listenAgain() }
        guard
            let connection = state.withLock({ state -> BackendConnection? in
                guard let live = state.live, live.greeting.offers.contains(.resourceUpdates), !state.isSettling else {
                    return nil
                }
                state.isSettling = true
                return live.connection
            })
        else { return }
        while let step = state.withLock({ state -> WatchTable.Step? in
            let step = state.live?.connection === connection ? state.watches.next() : nil
            if step == nil { state.isSettling = false }
            return step
        }) {
            switch step {
            case .subscribe(let uri): await subscribe(uri, on: connection)
            case .unsubscribe(let uri):
                // Whether it obeys or not: nobody is told any more.
                _ = try? await connection.send(watchRequest(MCPMethod.resourcesUnsubscribe, uri))
            }
        }
    }

    private func subscribe(_ uri: String, on connection: BackendConnection) async {
        var refusal: GateError?
        do throws(GateError) {
            let reply = try await connection.send(watchRequest(MCPMethod.resourcesSubscribe, uri))
            if reply.envelope.kind == .failure {
                refusal = GateError(
                    .backendError, "Server '\(name)' refused the subscription: \(reply.errorText).", source: .backend,
                    server: name, sent: true, detail: reply.envelope.error.map { reply.bytes($0.range) })
            }
        } catch {
            refusal = error
        }
        let (waiters, followers) = state.withLock { state -> ([WatchTable.Waiter], [WatchTable.Body]) in
            // With the connection, the answer has lost its meaning.
            guard state.live?.connection === connection else { return ([], []) }
            let waiters = state.watches.settle(uri, refusal: refusal)
            let isAgain = refusal == nil && state.isReconnected
            return (waiters, isAgain ? state.watches.followers(of: uri) : [])
        }
        if let refusal, waiters.isEmpty { logger.warning("a resource is not followed any more: \(refusal.message)") }
        for waiter in waiters { waiter.resume(returning: refusal) }
        for follower in followers { follower(uri) }
    }

    private func watchRequest(_ method: StaticString, _ uri: String) -> BackendRequest {
        var members = ByteBuffer()
        members.writeStaticString("\"uri\":")
        members.writeJSONString(uri)
        return BackendRequest(
            method, .members(members), deadline: .now.advanced(by: settings.listTimeout), isCancellable: false)
    }

    /// A notice that is about resources or about a stream of notices.
    /// - Returns: whether it was one of these.
    func heard(_ message: WireMessage, on connection: BackendConnection) -> Bool {
        if message.isMethod(MCPMethod.acknowledged) {
            acknowledged(message, on: connection)
            return true
        }
        guard message.isMethod(MCPMethod.resourceUpdated) else { return false }
        guard let uri = message.string(message.param("uri")) else { return true }
        let key = message.meta(MCPMeta.subscriptionId).flatMap { connection.requestKey(message, $0) }
        let followers = state.withLock { state -> [WatchTable.Body] in
            if let key, !state.listening.isInForce(key) { return [] }
            return state.watches.followers(of: uri)
        }
        for follower in followers { follower(uri) }
        return true
    }
}

extension Backend.State {
    /// The connection has ended, and with it what the backend knew of watches.
    mutating func forgetWatched() -> [WatchTable.Waiter] {
        isReconnected = true
        isSettling = false
        return watches.disconnected()
    }
}
