import GateBackend
import GateProtocol
import NIOCore

/// Definitions as their servers wrote them, with one member changed.
enum DefinitionText {
    /// The same bytes with another text as the value of a member.
    static func replacing(_ member: StaticString, with text: String, in definition: ByteBuffer) -> ByteBuffer {
        var value = ByteBuffer()
        value.writeJSONString(text)
        return replacing(member, with: value, in: definition)
    }

    /// The same bytes with another value of a member, given as JSON text.
    static func replacing(_ member: StaticString, with value: ByteBuffer, in definition: ByteBuffer) -> ByteBuffer {
        guard let members = JSONMembers(definition), let field = members.find(member) else { return definition }
        var out = ByteBuffer()
        let start = definition.readerIndex
        let rest = definition.readableBytes - field.value.upperBound
        out.reserveCapacity(definition.readableBytes + value.readableBytes)
        out.writeImmutable(definition.getSlice(at: start, length: field.value.lowerBound) ?? ByteBuffer())
        out.writeImmutable(value)
        out.writeImmutable(definition.getSlice(at: start + field.value.upperBound, length: rest) ?? ByteBuffer())
        return out
    }

    /// The same bytes with members behind those that are there.
    static func adding(_ members: String, to definition: ByteBuffer) -> ByteBuffer {
        guard let open = definition.getSlice(at: definition.readerIndex, length: max(0, definition.readableBytes - 1))
        else { return definition }
        var out = open
        out.writeString("," + members + "}")
        return out
    }
}
