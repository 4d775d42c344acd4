package import GateProtocol
package import NIOCore

/// One JSON-RPC message: the bytes as they came, and where in them the parts lie that are routed on.
package struct WireMessage: Sendable {
    /// The message. The envelope's ranges count from its reader index.
    package let buffer: ByteBuffer
    package let envelope: Envelope

    /// Checks and takes apart one message.
    package init(_ buffer: ByteBuffer, limits: JSONLimits = .standard) throws(EnvelopeFault) {
        let scanned = buffer.withUnsafeReadableBytes { text in
            Result { () throws(EnvelopeFault) in try Envelope.scan(text, limits: limits) }
        }
        self.buffer = buffer
        envelope = try scanned.get()
    }

    /// The bytes of a range, sharing the message's memory.
    package func slice(_ range: Range<Int>) -> ByteBuffer {
        buffer.getSlice(at: buffer.readerIndex + range.lowerBound, length: range.count) ?? ByteBuffer()
    }

    package func bytes(_ range: Range<Int>) -> [UInt8] {
        buffer.getBytes(at: buffer.readerIndex + range.lowerBound, length: range.count) ?? []
    }

    /// A member by name, compared as bytes.
    package func find(_ name: StaticString, in fields: JSONFields?) -> JSONField? {
        guard let fields else { return nil }
        return buffer.withUnsafeReadableBytes { fields.find(name, in: $0) }
    }

    package func param(_ name: StaticString) -> JSONField? { find(name, in: envelope.params) }
    package func meta(_ name: StaticString) -> JSONField? { find(name, in: envelope.meta) }
    package func resultMember(_ name: StaticString) -> JSONField? { find(name, in: envelope.result) }

    /// Whether the method is the one named.
    package func isMethod(_ name: StaticString) -> Bool {
        guard let method = envelope.method else { return false }
        return buffer.withUnsafeReadableBytes { JSONString.equal($0, method.content, name) }
    }

    /// A string member's decoded text; nil for other kinds.
    package func string(_ field: JSONField?) -> String? {
        guard let field, field.isString else { return nil }
        return buffer.withUnsafeReadableBytes { text in
            JSONString.decode(UnsafeRawBufferPointer(rebasing: text[field.content])).map {
                String(decoding: $0, as: UTF8.self)
            }
        }
    }

    /// An integer member's value; nil for other kinds and for what does not fit.
    package func int(_ field: JSONField?) -> Int? {
        guard let field, field.isNumber else { return nil }
        return Int(String(decoding: bytes(field.value), as: UTF8.self))
    }

    package func value(_ field: JSONField?) -> JSONValue? {
        guard let field else { return nil }
        return try? JSONValue(parsing: bytes(field.value))
    }
}
