import GateBackend
import GateProtocol
import NIOCore
import NIOHTTP1

/// What answers one request: the HTTP status, where the answer is a body of its own, and the message in pieces that are
/// written as they are.
struct RPCReply: Sendable {
    var status: HTTPResponseStatus
    var parts: [ByteBuffer]

    init(status: HTTPResponseStatus = .ok, parts: [ByteBuffer]) {
        self.status = status
        self.parts = parts
    }

    /// The beginning of a response with a result, up to the result itself.
    static func opening(_ id: ByteBuffer) -> ByteBuffer {
        var out = ByteBuffer()
        out.reserveCapacity(160)
        out.writeStaticString("{\"jsonrpc\":\"2.0\",\"id\":")
        out.writeImmutable(id)
        out.writeStaticString(",\"result\":")
        return out
    }

    /// A result whose text is known up to the message's last brace.
    static func result(_ id: ByteBuffer, endingWith rest: ByteBuffer) -> RPCReply {
        var out = opening(id)
        out.writeImmutable(rest)
        return RPCReply(parts: [out])
    }

    /// A JSON-RPC error.
    /// - Parameters:
    ///   - id: the request's id as written; left out when it is not known.
    ///   - data: JSON text.
    static func error(
        _ code: Int, _ message: String, id: ByteBuffer?, status: HTTPResponseStatus = .ok, data: String? = nil
    ) -> RPCReply {
        var error = ByteBuffer(string: "{\"code\":\(code),\"message\":")
        error.writeJSONString(message)
        if let data { error.writeString(",\"data\":\(data)") }
        error.writeStaticString("}")
        return self.error(error, id: id, status: status)
    }

    /// A JSON-RPC error whose object is there as text.
    static func error(_ object: ByteBuffer, id: ByteBuffer?, status: HTTPResponseStatus = .ok) -> RPCReply {
        var out = ByteBuffer(string: "{\"jsonrpc\":\"2.0\",")
        if let id {
            out.writeStaticString("\"id\":")
            out.writeImmutable(id)
            out.writeStaticString(",")
        }
        out.writeStaticString("\"error\":")
        out.writeImmutable(object)
        out.writeStaticString("}")
        return RPCReply(status: status, parts: [out])
    }

    /// The error object as text, for data and details.
    static func list(_ texts: [String]) -> String { JSONValue.array(texts.map(JSONValue.string)).text }
}
