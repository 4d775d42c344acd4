import GateBackend
import GateProtocol
import NIOCore

/// A backend's result in the form that the caller's revision has, sharing the backend's bytes.
enum ResultForm {
    /// - Throws: `BACKEND_PROTOCOL_ERROR` for a result that the caller's revision cannot hold.
    /// - Parameters:
    ///   - caching: whether agents of 2026-07-28 are told how long it can be kept.
    ///   - uris: how resources that it names are named to agents; nil when as their server names them.
    static func reply(
        _ call: CallReply, id: ByteBuffer, version: ProtocolVersion, caching: ResultCaching = .none,
        uris: ExposedURIs? = nil
    ) throws(GateError) -> RPCReply {
        let message = call.message
        guard let fields = message.envelope.result else { throw unusable(call, "its result is not an object") }
        var result = ResultMembers(message, fields)
        uris?.rewrite(&result)
        switch version.era {
        case .modern:
            if let type = message.resultMember("resultType"), !isKnown(type, message) {
                throw unusable(call, "it answered with a `resultType` that its revision does not have")
            }
            modern(&result)
            caching.write(to: &result)
        case .legacy:
            if let type = message.string(message.resultMember("resultType")), type != "complete" {
                throw unusable(call, "it answered with '\(type)', which your MCP revision cannot express")
            }
            legacy(&result)
            if version < .v2025_06_18 { OlderContent.rewrite(&result, for: version) }
        }
        return RPCReply(parts: result.parts(opening: RPCReply.opening(id)))
    }

    private static func isKnown(_ type: JSONField, _ message: WireMessage) -> Bool {
        message.buffer.withUnsafeReadableBytes { text in
            ["complete", "input_required", "task"].contains { (known: StaticString) in
                JSONString.equal(text, type.content, known)
            }
        }
    }

    private static func unusable(_ call: CallReply, _ what: String) -> GateError {
        GateError(
            .backendProtocolError, "Server '\(call.server)' broke the protocol: \(what).", source: .backend,
            server: call.server, tool: call.tool, sent: true, correlationID: call.correlationID)
    }

    /// Adds what 2026-07-28 demands. Towards agents the server is the gateway, whatever the backend calls itself.
    private static func modern(_ result: inout ResultMembers) {
        if result.find("resultType") == nil { result.add("\"resultType\":\"complete\"") }
        guard let meta = result.find("_meta"), meta.isObject else {
            if result.find("_meta") != nil { result.drop("_meta") }
            result.add(MCPText.serverMeta)
            return
        }
        let own = ByteBuffer(string: "\"\(MCPMeta.serverInfo)\":\(MCPText.serverInfo)")
        result.replace("_meta", with: [ResultMeta.members(result.message, besides: own)])
    }

    /// Cuts out what older revisions do not have.
    private static func legacy(_ result: inout ResultMembers) {
        for name: StaticString in ["resultType", "ttlMs", "cacheScope"] { result.drop(name) }
        if result.message.envelope.meta.map({ ResultMeta.hasReserved(result.message, $0) }) ?? false {
            let rest = ResultMeta.members(result.message, besides: nil)
            if rest.readableBytes > 2 { result.replace("_meta", with: [rest]) } else { result.drop("_meta") }
        }
        guard let structured = result.find("structuredContent"), !structured.isObject else { return }
        result.drop("structuredContent")
        // Where a value is dropped that nothing else tells, its text takes its place.
        if let content = result.find("content"), !isEmptyArray(result.message.bytes(content.value)) { return }
        result.drop("content")
        var content = ByteBuffer(string: #""content":[{"type":"text","text":"#)
        content.writeJSONString(String(buffer: result.message.slice(structured.value)))
        content.writeStaticString("}]")
        result.add(content)
    }

    private static func isEmptyArray(_ text: [UInt8]) -> Bool {
        text.first == UInt8(ascii: "[") && text.dropFirst().dropLast().allSatisfy { $0 <= 0x20 }
    }
}
