import GateBackend
import NIOCore

/// The interim result of 2026-07-28, in the gateway's own words.
enum InputRequired {
    /// - Parameter state: JSON text of a string.
    static func reply(
        _ requests: [(key: String, method: StaticString, params: ByteBuffer)], state: ByteBuffer, id: ByteBuffer
    ) -> RPCReply {
        var out = RPCReply.opening(id)
        out.writeString("{\"resultType\":\"input_required\",\(MCPText.serverMeta),\"inputRequests\":{")
        for (index, request) in requests.enumerated() {
            out.writeString("\(index > 0 ? "," : "")\"\(request.key)\":{\"method\":\"\(request.method)\",\"params\":")
            out.writeImmutable(request.params)
            out.writeStaticString("}")
        }
        out.writeStaticString("},\"requestState\":")
        out.writeImmutable(state)
        out.writeStaticString("}}")
        return RPCReply(parts: [out])
    }
}
