import GateBackend
import GateProtocol
import NIOCore
import NIOHTTP1

/// A backend's own JSON-RPC error on its way to an agent. Codes pass that mean the same to everybody; those that a revision or an SDK
/// keeps to itself become an internal error with the original in `data`, for the gateway must not send them.
enum RelayedError {
    /// - Returns: nil for a failure that is not a backend's error.
    static func reply(_ error: GateError, _ context: MCPContext, _ id: ByteBuffer) -> RPCReply? {
        guard let members = object(error), let code = members.number("code").flatMap({ Int($0) }),
            let words = members.string("message")
        else { return nil }
        if passes(code, context.version) {
            return .error(members.buffer, id: id, status: code == RPCCode.missingCapability ? .badRequest : .ok)
        }
        return .error(RPCCode.internalError, words, id: id, data: error.json.text)
    }

    /// The same of a tool, whose other errors become failed results: only what the caller can do something about.
    static func toolReply(_ error: GateError, _ context: MCPContext, _ id: ByteBuffer) -> RPCReply? {
        guard let members = object(error), let code = members.number("code").flatMap({ Int($0) }),
            members.string("message") != nil
        else { return nil }
        switch code {
        case RPCCode.invalidParams, RPCCode.methodNotFound: return .error(members.buffer, id: id)
        case RPCCode.missingCapability where context.era == .modern:
            return .error(members.buffer, id: id, status: .badRequest)
        default: return nil
        }
    }

    private static func passes(_ code: Int, _ version: ProtocolVersion) -> Bool {
        switch code {
        case RPCCode.methodNotFound, RPCCode.invalidParams, RPCCode.internalError: true
        case RPCCode.missingCapability: version.era == .modern
        // Reserved: by JSON-RPC, by the protocol, or by an SDK for itself.
        case -32_768 ... -32_000: false
        default: true
        }
    }

    private static func object(_ error: GateError) -> JSONMembers? {
        guard error.code == .backendError, let detail = error.detail else { return nil }
        return JSONMembers(ByteBuffer(bytes: detail))
    }
}
