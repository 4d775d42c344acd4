import GateBackend
import GateProtocol
import NIOCore

/// Content that came with later revisions, in the form of earlier ones: links (2025-06-18) as text, sound (2025-03-26) as an
/// embedded resource. All other content stays the backend's bytes.
enum OlderContent {
    static func rewrite(_ result: inout ResultMembers, for version: ProtocolVersion) {
        let message = result.message
        if let content = result.find("content"), content.isArray,
            let parts = rewritten(message.slice(content.value), version)
        {
            result.replace("content", with: parts)
        }
        if let messages = result.find("messages"), messages.isArray,
            let parts = rewrittenMessages(message.slice(messages.value), version)
        {
            result.replace("messages", with: parts)
        }
    }

    /// The blocks of a tool's result; nil when all may stay.
    private static func rewritten(_ array: ByteBuffer, _ version: ProtocolVersion) -> [ByteBuffer]? {
        edited(array) { element in block(element, version) }
    }

    /// The messages of a prompt, each of which has one block.
    private static func rewrittenMessages(_ array: ByteBuffer, _ version: ProtocolVersion) -> [ByteBuffer]? {
        edited(array) { element in
            guard let members = JSONMembers(element), let content = members.find("content"), content.isObject,
                let other = block(members.slice(content), version)
            else { return nil }
            let start = element.readerIndex
            var out = element.getSlice(at: start, length: content.value.lowerBound) ?? ByteBuffer()
            out.writeImmutable(other)
            let rest = element.readableBytes - content.value.upperBound
            out.writeImmutable(element.getSlice(at: start + content.value.upperBound, length: rest) ?? ByteBuffer())
            return out
        }
    }

    /// An array with some of its elements replaced; nil when none is.
    private static func edited(_ array: ByteBuffer, _ other: (ByteBuffer) -> ByteBuffer?) -> [ByteBuffer]? {
        let ranges = array.withUnsafeReadableBytes { text -> [Range<Int>] in
            var scanner = JSONScanner(text)
            return (try? scanner.scanArray()) ?? []
        }
        var parts: [ByteBuffer] = []
        var end = 0
        for range in ranges {
            let start = array.readerIndex
            guard let element = array.getSlice(at: start + range.lowerBound, length: range.count),
                let replaced = other(element)
            else { continue }
            parts.append(array.getSlice(at: start + end, length: range.lowerBound - end) ?? ByteBuffer())
            parts.append(replaced)
            end = range.upperBound
        }
        guard !parts.isEmpty else { return nil }
        let rest = array.getSlice(at: array.readerIndex + end, length: array.readableBytes - end)
        return parts + [rest ?? ByteBuffer()]
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
