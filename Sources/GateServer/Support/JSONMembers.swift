import GateProtocol
import NIOCore

/// The members of a JSON object inside a message, found when one is asked for.
struct JSONMembers {
    let buffer: ByteBuffer
    let fields: JSONFields

    /// - Returns: nil when the text is not an object.
    init?(_ buffer: ByteBuffer) {
        let fields = buffer.withUnsafeReadableBytes { text -> JSONFields? in
            var scanner = JSONScanner(text)
            return try? scanner.scanObject()
        }
        guard let fields else { return nil }
        self.buffer = buffer
        self.fields = fields
    }

    func find(_ name: StaticString) -> JSONField? {
        buffer.withUnsafeReadableBytes { fields.find(name, in: $0) }
    }

    func slice(_ field: JSONField) -> ByteBuffer {
        buffer.getSlice(at: buffer.readerIndex + field.value.lowerBound, length: field.value.count) ?? ByteBuffer()
    }

    /// A member's key as written, with its quotes.
    func key(_ field: JSONField) -> ByteBuffer {
        buffer.getSlice(at: buffer.readerIndex + field.key.lowerBound - 1, length: field.key.count + 2) ?? ByteBuffer()
    }

    /// A string member's decoded text; nil for other kinds.
    func string(_ name: StaticString) -> String? {
        guard let field = find(name), field.isString else { return nil }
        return buffer.withUnsafeReadableBytes { text in
            JSONString.decode(UnsafeRawBufferPointer(rebasing: text[field.content])).map {
                String(decoding: $0, as: UTF8.self)
            }
        }
    }

    /// A number member's text; nil for other kinds.
    func number(_ name: StaticString) -> String? {
        guard let field = find(name), field.isNumber else { return nil }
        return String(buffer: slice(field))
    }
}
