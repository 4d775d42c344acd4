import GateBackend
import GateProtocol
import NIOCore

/// Content that came with later revisions, in the form of earlier ones: links (2025-06-18) as text, sound (2025-03-26) as an
/// embedded resource. All other content stays the backend's bytes.
enum OlderContent {
    static func rewrite(_ result: inout ResultMembers, for version: ProtocolVersion) {
        if let content = result.find("content"), content.isArray,
            let parts = rewritten(result.value(content), version)
        {
            result.replace("content", with: parts)
        }
        if let messages = result.find("messages"), messages.isArray,
            let parts = rewrittenMessages(result.value(messages), version)
        {
            result.replace("messages", with: parts)
        }
    }

    /// The blocks of a tool's result; nil when all may stay.
    private static func rewritten(_ array: ByteBuffer, _ version: ProtocolVersion) -> [ByteBuffer]? {
        JSONElements.replacing(in: array) { element in block(element, version) }
    }

    /// The messages of a prompt, each of which has one block.
    private static func rewrittenMessages(_ array: ByteBuffer, _ version: ProtocolVersion) -> [ByteBuffer]? {
        JSONElements.replacing(in: array) { element in
            guard let members = JSONMembers(element), let content = members.find("content"), content.isObject,
                let other = block(members.slice(content), version)
            else { return nil }
            return DefinitionText.replacing("content", with: other, in: element)
        }
    }

    /// A block in another form; nil when the revision knows it.
    private static func block(_ element: ByteBuffer, _ version: ProtocolVersion) -> ByteBuffer? {
        guard let members = JSONMembers(element), let type = members.string("type") else { return nil }
        switch type {
        case "resource_link" where version < .v2025_06_18: return link(members)
        case "audio" where version < .v2025_03_26: return sound(members)
        default: return nil
        }
    }

    private static func link(_ members: JSONMembers) -> ByteBuffer {
        let name = members.string("title") ?? members.string("name") ?? "resource"
        var text = "[\(name)](\(members.string("uri") ?? ""))"
        if let about = members.string("description") { text += ": \(about)" }
        var out = ByteBuffer(string: #"{"type":"text","text":"#)
        out.writeJSONString(text)
        out.writeStaticString("}")
        return out
    }

    private static func sound(_ members: JSONMembers) -> ByteBuffer? {
        guard let data = members.find("data"), data.isString else { return nil }
        var out = ByteBuffer(string: #"{"type":"resource","resource":{"uri":"stonegate:audio","mimeType":"#)
        out.writeJSONString(members.string("mimeType") ?? "audio/*")
        out.writeStaticString(",\"blob\":")
        out.writeImmutable(members.slice(data))
        out.writeStaticString("}}")
        return out
    }
}
