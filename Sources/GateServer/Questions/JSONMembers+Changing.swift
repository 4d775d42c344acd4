import GateBackend
import GateProtocol
import NIOCore

/// Objects with members taken out or added; the rest stays as it was written.
extension JSONMembers {
    /// The object without some of its members; the same bytes when it has none of them.
    func without(_ names: [StaticString]) -> ByteBuffer {
        let gone = names.compactMap { find($0) }
        guard !gone.isEmpty else { return text }
        var out = ByteBuffer(string: "{")
        for field in fields.list where !gone.contains(field) {
            if out.readableBytes > 1 { out.writeStaticString(",") }
            out.writeImmutable(member(field))
        }
        out.writeStaticString("}")
        return out
    }

    func adding(_ name: StaticString, _ value: JSONValue) -> ByteBuffer {
        adding(name, text: ByteBuffer(bytes: value.bytes))
    }

    /// The object with one more member at its end.
    func adding(_ name: StaticString, text value: ByteBuffer) -> ByteBuffer {
        var out = ByteBuffer()
        out.writeImmutable(buffer.getSlice(at: start, length: fields.range.count - 1) ?? ByteBuffer(string: "{"))
        if !fields.list.isEmpty { out.writeStaticString(",") }
        out.writeString("\"\(name)\":")
        out.writeImmutable(value)
        out.writeStaticString("}")
        return out
    }

    /// The object itself.
    var text: ByteBuffer { buffer.getSlice(at: start, length: fields.range.count) ?? ByteBuffer(string: "{}") }

    /// Whether a member has this name.
    func isKey(_ field: JSONField, _ name: String) -> Bool {
        buffer.withUnsafeReadableBytes { text in
            guard field.keyIsEscaped else { return text[field.key].elementsEqual(name.utf8) }
            return JSONString.decode(UnsafeRawBufferPointer(rebasing: text[field.key]))?.elementsEqual(name.utf8)
                ?? false
        }
    }

    private func member(_ field: JSONField) -> ByteBuffer {
        let from = field.key.lowerBound - 1
        return buffer.getSlice(at: buffer.readerIndex + from, length: field.value.upperBound - from) ?? ByteBuffer()
    }

    private var start: Int { buffer.readerIndex + fields.range.lowerBound }
}
