import GateBackend
import NIOCore

/// Messages as server-sent events.
enum EventText {
    /// One `message` event. A line break in the JSON text, where it can only be white space, becomes a blank: it would
    /// end the event's data.
    static func message(_ parts: [ByteBuffer]) -> ByteBuffer {
        var out = ByteBuffer()
        out.reserveCapacity(parts.reduce(32) { $0 + $1.readableBytes })
        out.writeStaticString("event: message\ndata: ")
        let start = out.writerIndex
        for part in parts { out.writeImmutable(part) }
        let breaks = out.withUnsafeReadableBytes { text in
            text[(start - out.readerIndex)...].contains { $0 == 0x0A || $0 == 0x0D }
        }
        if breaks {
            out.withUnsafeMutableReadableBytes { text in
                for index in start..<text.count where text[index] == 0x0A || text[index] == 0x0D { text[index] = 0x20 }
            }
        }
        out.writeStaticString("\n\n")
        return out
    }
}
