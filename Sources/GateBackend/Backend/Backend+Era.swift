import GateCore
import GateProtocol
import Logging
import NIOCore
import Synchronization

/// A backend over HTTP can be replaced by another version behind the same address while it is in use.
extension Backend {
    /// A server that refuses many calls for other reasons is not asked each time.
    private static let eraPause = Duration.seconds(5)

    /// Whether the backend has refused a request because it no longer speaks the era of this connection. The connection is then
    /// out of use and a new one is being made; the request was not executed, so it may be sent there.
    func wasRefusedForItsEra(_ reply: WireMessage, on connection: BackendConnection) async -> Bool {
        guard reply.envelope.kind == .failure, let code = reply.int(reply.find("code", in: reply.envelope.error)) else {
            return false
        }
        let isSuspicious =
            switch connection.era {
            // What servers with sessions say to a request without one, each in its own code.
            case .modern: code == RPCCode.invalidRequest || (-32019 ... -32000).contains(code)
            // What servers without sessions say to a request that does not carry its version. One of the codes has other meanings too.
            case .legacy: [RPCCode.unsupportedVersion, RPCCode.headerMismatch, RPCCode.invalidParams].contains(code)
            }
        return isSuspicious ? await speaksAnotherEra(connection) : false
    }

    /// The same for an answer that is no message, but an HTTP status.
    func wasRefusedForItsEra(_ error: GateError, on connection: BackendConnection) async -> Bool {
        guard error.code == .backendError, let status = error.upstreamStatus, [400, 404, 405].contains(status) else {
            return false
        }
        return await speaksAnotherEra(connection)
    }

    private func speaksAnotherEra(_ connection: BackendConnection) async -> Bool {
        guard case .http = settings.connection, settings.era == .auto,
            let live = state.withLock({ $0.live?.connection === connection ? $0.live : nil })
        else { return false }
        let now = Instant.now
        let isDue = state.withLock { state in
            if let last = state.askedForEra, last.duration(to: now) < Backend.eraPause { return false }
            state.askedForEra = now
            return true
        }
        guard isDue else { return false }
        let found = await connection.eraNow(deadline: .now.advanced(by: .seconds(5)))
        guard let found, found != connection.era else { return false }
        logger.notice("the server speaks another revision now: it is greeted anew", metadata: ["era": "\(found)"])
        state.withLock { $0.askedForEra = nil }
        context.eras.forgetEra(settings.identity)
        lost(live, "it speaks another revision of MCP now")
        return true
    }
}
