import GateBackend
import GateProtocol
import NIOCore

/// A backend's result in the form that the caller's revision has, sharing the backend's bytes.
enum ResultForm {
    /// - Throws: `BACKEND_PROTOCOL_ERROR` for a result that the caller's revision cannot hold.
    static func reply(_ call: CallReply, id: ByteBuffer, era: ProtocolEra) throws(GateError) -> RPCReply {
        let message = call.message
        guard let fields = message.envelope.result else { throw unusable(call, "its result is not an object") }
        switch era {
        case .modern: return modern(message, fields, id)
        case .legacy:
            if let type = message.string(message.resultMember("resultType")), type != "complete" {
                throw unusable(call, "it answered with '\(type)', which your MCP revision cannot express")
            }
            return legacy(message, fields, id)
        }
    }

    private static func unusable(_ call: CallReply, _ what: String) -> GateError {
        GateError(
            .backendProtocolError, "Server '\(call.server)' broke the protocol: \(what).", source: .backend,
            server: call.server, tool: call.tool, sent: true, correlationID: call.correlationID)
    }

    /// Adds what 2026-07-28 demands, where it is not there, and keeps the rest as it is.
    private static func modern(_ message: WireMessage, _ fields: JSONFields, _ id: ByteBuffer) -> RPCReply {
        var opening = RPCReply.opening(id)
        opening.writeStaticString("{")
        var needsComma = false
        if message.resultMember("resultType") == nil {
            opening.writeStaticString("\"resultType\":\"complete\"")
            needsComma = true
        }
        if message.resultMember("_meta") == nil {
            if needsComma { opening.writeStaticString(",") }
            opening.writeString(MCPText.serverMeta)
            needsComma = true
        }
        if needsComma, !fields.list.isEmpty { opening.writeStaticString(",") }
        let rest = message.slice((fields.range.lowerBound + 1)..<fields.range.upperBound)
        return RPCReply(parts: [opening, rest, closing])
    }

    /// Cuts out what older revisions do not have, and keeps the rest as it is.
    private static func legacy(_ message: WireMessage, _ fields: JSONFields, _ id: ByteBuffer) -> RPCReply {
        let opening = RPCReply.opening(id)
        // Where a value is dropped that nothing else tells, its text takes its place.
        let structured = message.resultMember("structuredContent").flatMap { $0.isObject ? nil : $0 }
        let content = message.resultMember("content")
        let isTextNeeded = structured != nil && content.map { isEmptyArray(message.bytes($0.value)) } ?? true
        let kept = message.buffer.withUnsafeReadableBytes { text in
            fields.list.indices.filter { index in
                let field = fields.list[index]
                return !isModernOnly(field, in: text) && !(isTextNeeded && field == content)
            }
        }
        if kept.count == fields.list.count {
            return RPCReply(parts: [opening, message.slice(fields.range), closing])
        }
        var parts = [opening, brace]
        var runStart = kept.first ?? 0
        for (position, index) in kept.enumerated() {
            let isLast = position + 1 == kept.count
            if !isLast, kept[position + 1] == index + 1 { continue }
            if parts.count > 2 { parts.append(comma) }
            // From the first key's quote to the last value's end.
            let start = fields.list[runStart].key.lowerBound - 1
            parts.append(message.slice(start..<fields.list[index].value.upperBound))
            if !isLast { runStart = kept[position + 1] }
        }
        if let structured, isTextNeeded {
            if parts.count > 2 { parts.append(comma) }
            var content = ByteBuffer(string: #""content":[{"type":"text","text":"#)
            content.writeJSONString(String(buffer: message.slice(structured.value)))
            content.writeStaticString("}]")
            parts.append(content)
        }
        parts.append(ByteBuffer(string: "}}"))
        return RPCReply(parts: parts)
    }

    private static func isModernOnly(_ field: JSONField, in text: UnsafeRawBufferPointer) -> Bool {
        guard !field.keyIsEscaped else { return false }
        return JSONString.equal(text, field.key, "resultType") || JSONString.equal(text, field.key, "ttlMs")
            || JSONString.equal(text, field.key, "cacheScope")
            || (JSONString.equal(text, field.key, "structuredContent") && !field.isObject)
    }

    private static func isEmptyArray(_ text: [UInt8]) -> Bool {
        text.first == UInt8(ascii: "[") && text.dropFirst().dropLast().allSatisfy { $0 <= 0x20 }
    }

    private static let brace = ByteBuffer(string: "{")
    private static let comma = ByteBuffer(string: ",")
    private static let closing = ByteBuffer(string: "}")
}
