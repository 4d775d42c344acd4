import GateBackend
import GateProtocol
import NIOCore

/// `_meta` of a backend's result: vendors' members pass, the protocol's own are the gateway's to say.
enum ResultMeta {
    static func hasReserved(_ message: WireMessage, _ meta: JSONFields) -> Bool {
        meta.list.contains { isReserved($0, message) }
    }

    /// The object without the reserved members.
    /// - Parameter own: a member that is put first.
    static func members(_ message: WireMessage, besides own: ByteBuffer?) -> ByteBuffer {
        var out = ByteBuffer(string: "{")
        var isFirst = true
        if let own {
            out.writeImmutable(own)
            isFirst = false
        }
        for field in message.envelope.meta?.list ?? [] where !isReserved(field, message) {
            if !isFirst { out.writeStaticString(",") }
            isFirst = false
            out.writeImmutable(message.slice((field.key.lowerBound - 1)..<field.value.upperBound))
        }
        out.writeStaticString("}")
        return out
    }

    private static func isReserved(_ field: JSONField, _ message: WireMessage) -> Bool {
        guard !field.keyIsEscaped else { return false }
        return message.buffer.withUnsafeReadableBytes { JSONString.equal($0, field.key, MCPMeta.serverInfo) }
    }
}
