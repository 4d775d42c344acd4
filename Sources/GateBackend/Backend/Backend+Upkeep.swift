import GateCore
import GateProtocol
import Logging
import NIOCore
import Synchronization

/// What happens beside the calls: listing again, listening for changes, looking after its health.
extension Backend {
    /// Lists the tools again; changes that come meanwhile lead to one more listing, not to one each.
    func listAgain() async {
        let connection = state.withLock { state -> BackendConnection? in
            guard let live = state.live, live.greeting.hasTools else { return nil }
            if state.isListing {
                state.listsAgain = true
                return nil
            }
            state.isListing = true
            return live.connection
        }
        guard let connection else { return }
        while true {
            do throws(GateError) {
                let tools = try await ToolListing.fetch(
                    connection, maxTools: settings.maxTools, deadline: .now.advanced(by: settings.listTimeout))
                if let greeting = state.withLock({ $0.live?.connection === connection ? $0.live?.greeting : nil }) {
                    context.observer.backend(name, listed: tools, greeting: greeting)
                }
            } catch {
                logger.warning("the tools could not be listed again, the known ones stay: \(error.message)")
            }
            let goesOn = state.withLock { state in
                defer { state.listsAgain = false }
                state.isListing = state.listsAgain
                return state.listsAgain
            }
            if !goesOn { return }
        }
    }

    /// Keeps a `subscriptions/listen` stream open for changes of the tools (2026-07-28).
    func listen(_ connection: BackendConnection) async {
        var backoff = Backoff(initial: .seconds(1))
        var filter = ByteBuffer()
        filter.writeStaticString("\"notifications\":{\"toolsListChanged\":true}")
        while state.withLock({ $0.live?.connection === connection }) {
            let began = Instant.now
            do throws(GateError) {
                let end = try await connection.send(BackendRequest(MCPMethod.listen, .members(filter), deadline: nil))
                // A backend that refuses to be listened to is listed by the clock alone.
                if end.envelope.kind == .failure { return }
            } catch {
                if error.code == .cancelled || error.upstreamStatus != nil { return }
            }
            // Ended with its conversation: there is nothing to wait for, and somebody may wait for this.
            guard state.withLock({ $0.live?.connection === connection }) else { return }
            if began.duration(to: .now) > .seconds(30) { backoff.reset() }
            let pause = backoff.next(random: Double.random(in: 0..<1))
            let waited = loop.scheduleTask(in: .nanoseconds(pause.wholeNanoseconds)) {}
            try? await waited.futureResult.get()
            // What changed in between was not announced to anybody.
            notice(.toolsChanged)
        }
    }
}
