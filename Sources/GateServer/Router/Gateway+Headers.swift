import GateBackend
import GateCore
import GateProtocol
import NIOCore

/// Arguments that are repeated in header fields (2026-07-28): which ones, the tool's definition says.
extension Gateway {
    func mirrored(_ arguments: ByteBuffer?, _ target: ToolTarget) -> [(header: String, value: String)] {
        guard let mirror = catalog.snapshot.mirrors[target], let arguments = Gateway.parsed(arguments) else {
            return []
        }
        return mirror.fields(of: arguments)
    }

    /// A server that missed or disliked a header field refused the call before it did anything (-32020): the definition may have
    /// changed. It is fetched again.
    ///
    /// - Returns: whether the call is worth a second attempt, with the fields as they are now.
    func knowsHeadersBetter(
        after reply: WireMessage, _ backend: BackendPool, _ call: inout BackendCall, _ target: ToolTarget
    ) async -> Bool {
        guard reply.envelope.kind == .failure,
            reply.int(reply.find("code", in: reply.envelope.error)) == RPCCode.headerMismatch,
            case .tool(_, let arguments) = call.operation
        else { return false }
        await backend.relistTools()
        let now = mirrored(arguments, target)
        let isNew = !now.elementsEqual(call.mirrored) {
            ExactText($0.header) == ExactText($1.header) && ExactText($0.value) == ExactText($1.value)
        }
        call.mirrored = now
        return isNew && Instant.now < call.deadline
    }
}
