import GateCore
import GateProtocol
import NIOCore
import Synchronization

/// Log messages: to the call that they belong to, when it wants them.
extension BackendConnection {
    func logged(_ message: WireMessage, exchange: UInt64?) {
        guard let level = message.string(message.param("level")).flatMap({ LogLevel(name: $0) }),
            let params = message.envelope.params
        else { return countStray() }
        let listener = state.withLock { state -> CallListener? in
            let verdict = state.attribute(exchange, now: .now) { $0.logLevel.map { $0 <= level } ?? false }
            guard case .call(let key) = verdict else {
                state.droppedLogs += 1
                return nil
            }
            return state.table.entries[key]?.listener
        }
        listener?.onEvent(.log(level, message.slice(params.range)))
    }

    /// Tells a backend of the session revisions that from now on somebody wants messages of this level. It is never told less:
    /// other callers may be listening, and what a caller did not ask for is not passed on.
    func raiseLogLevel(for request: BackendRequest) async {
        guard let wanted = request.listener?.logLevel else { return }
        let isNews = state.withLock { state in
            guard state.era == .legacy, state.takesLogLevel, state.logLevel.map({ $0 > wanted }) ?? true else {
                return false
            }
            state.logLevel = wanted
            return true
        }
        guard isNews else { return }
        var level = ByteBuffer()
        level.writeString("\"level\":\"\(wanted.name)\"")
        let deadline = Instant.now.advanced(by: .seconds(2))
        _ = try? await send(
            BackendRequest(MCPMethod.setLevel, .members(level), deadline: deadline, isCancellable: false))
    }
}
