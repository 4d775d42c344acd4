import GateCore
import GateProtocol
import Logging
import NIOCore
import Synchronization

/// A backend over HTTP can be replaced by another version behind the same address while it is in use.
extension Backend {
    /// Whether the backend has refused a request because it no longer speaks the era of this connection. The connection is then
    /// out of use and a new one is being made; the request was not executed, so it may be sent there if that is of another era.
    func wasRefusedForItsEra(_ reply: WireMessage, on connection: BackendConnection) async -> Bool {
        guard reply.envelope.kind == .failure, let code = reply.int(reply.find("code", in: reply.envelope.error)) else {
            return false
        }
        let isSuspicious =
            switch connection.era {
            // What servers with sessions say to a request without one, each in its own code.
            case .modern:
                [RPCCode.invalidRequest, RPCCode.unsupportedVersion].contains(code)
                    || (-32019 ... -32000).contains(code)
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
        guard case .http = settings.connection, settings.era == .auto else { return false }
        let (turn, live) = state.withLock { state -> (EraWatch.Turn, LiveConnection?) in
            guard let live = state.live, live.connection === connection else { return (.skip, nil) }
            return (state.eraWatch.turn(now: .now), live)
        }
        switch turn {
        case .skip: break
        case .wait:
            await withCheckedContinuation { (waiter: EraWatch.Waiter) in
                if !state.withLock({ $0.eraWatch.wait(waiter) }) { waiter.resume() }
            }
        case .ask:
            let found = await connection.eraNow(deadline: .now.advanced(by: .seconds(5)))
            let hasChanged = found.map { $0 != connection.era } ?? false
            if hasChanged { connection.isOutdated = true }
            if let found, hasChanged, let live {
                logger.notice(
                    "the server speaks another revision now: it is greeted anew", metadata: ["era": "\(found)"])
                context.eras.forgetEra(settings.identity)
                lost(live, "it speaks another revision of MCP now")
            }
            for waiter in state.withLock({ $0.eraWatch.end(hasChanged: hasChanged) }) { waiter.resume() }
        }
        return connection.isOutdated
    }
}
