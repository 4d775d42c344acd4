import GateBackend
import GateProtocol
import NIOCore

/// Results that the gateway words itself.
enum ToolOutcome {
    /// A failure as a tool's result: a model can read it and go on, which an error reply would not allow it to.
    static func failure(_ error: GateError, id: ByteBuffer, era: ProtocolEra) -> RPCReply {
        var members = JSONObject([("code", .string(error.code.rawValue)), ("message", .string(error.message))])
        if let server = error.server { members["server"] = .string(server) }
        if let tool = error.tool { members["tool"] = .string(tool) }
        members["sent"] = .bool(error.sent)
        members["retryable"] = .bool(error.retryable)
        if let retryAfter = error.retryAfter { members["retry_after"] = .init(retryAfter) }
        if let correlationID = error.correlationID { members["correlation_id"] = .string(correlationID) }
        if let detail = error.detail, let value = try? JSONValue(parsing: detail) { members["detail"] = value }
        return text(words(error), structured: .object(members), isError: true, id: id, era: era)
    }

    /// A text, for the gateway's own tools.
    static func text(
        _ text: String, structured: JSONValue? = nil, isError: Bool = false, id: ByteBuffer, era: ProtocolEra
    ) -> RPCReply {
        var out = RPCReply.opening(id)
        out.writeStaticString("{")
        if era == .modern { out.writeString("\"resultType\":\"complete\",\(MCPText.serverMeta),") }
        out.writeStaticString(#""content":[{"type":"text","text":"#)
        out.writeJSONString(text)
        out.writeStaticString("}]")
        if let structured {
            out.writeStaticString(",\"structuredContent\":")
            out.writeBytes(structured.bytes)
        }
        out.writeString(",\"isError\":\(isError)}}")
        return RPCReply(parts: [out])
    }

    /// A JSON object, as text and as it is.
    static func object(_ json: ByteBuffer, id: ByteBuffer, era: ProtocolEra) -> RPCReply {
        var out = RPCReply.opening(id)
        out.writeStaticString("{")
        if era == .modern { out.writeString("\"resultType\":\"complete\",\(MCPText.serverMeta),") }
        out.writeStaticString(#""content":[{"type":"text","text":"#)
        out.writeJSONString(String(buffer: json))
        out.writeStaticString("}],\"structuredContent\":")
        out.writeImmutable(json)
        out.writeStaticString(",\"isError\":false}}")
        return RPCReply(parts: [out])
    }

    /// The whole story in one text, because some clients show nothing else: the code first, then what and where, then what
    /// to do.
    private static func words(_ error: GateError) -> String {
        var text = "\(error.code.rawValue): \(error.message)"
        if let last = text.utf8.last, last != UInt8(ascii: "."), last != UInt8(ascii: "!"), last != UInt8(ascii: "?") {
            text += "."
        }
        var place: [String] = []
        if let server = error.server, !error.message.contains("'\(server)'") { place.append("server '\(server)'") }
        if let tool = error.tool, !error.message.contains("'\(tool)'") { place.append("tool '\(tool)'") }
        if !place.isEmpty { text += " (\(place.joined(separator: ", ")))" }
        if error.retryable {
            text +=
                error.retryAfter.map { " Nothing was executed; retry in \($0) s." }
                ?? " Nothing was executed; retry later."
            if error.server != nil, error.code != .draining { text += " Other servers are unaffected." }
        } else if error.sent, error.code == .timeout || error.code == .backendDied || error.code == .outcomeUnknown {
            text += " Check the effect before you call it again."
        }
        if let correlationID = error.correlationID { text += " [\(correlationID)]" }
        return text
    }
}
