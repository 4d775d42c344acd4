import GateBackend
import NIOCore

/// Messages as server-sent events.
enum EventText {
    /// One `message` event. A line break in the JSON text, where it can only be white space, becomes a blank: it would
    /// end the event's data.
    static func message(_ parts: [ByteBuffer], id: String? = nil) -> ByteBuffer {
        var out = ByteBuffer()
        out.reserveCapacity(parts.reduce(32 + (id?.utf8.count ?? 0)) { $0 + $1.readableBytes })
        if let id {
            out.writeStaticString("id: ")
            out.writeString(id)
            out.writeStaticString("\n")
        }
        out.writeStaticString("event: message\ndata: ")
        let start = out.writerIndex
        for part in parts { out.writeImmutable(part) }
        let breaks = out.withUnsafeReadableBytes { text in
            text[(start - out.readerIndex)...].contains { $0 == 0x0A || $0 == 0x0D }
        }
        if breaks {
            let from = start - out.readerIndex
            out.withUnsafeMutableReadableBytes { text in
                for index in from..<text.count where text[index] == 0x0A || text[index] == 0x0D { text[index] = 0x20 }
            }
        }
        out.writeStaticString("\n\n")
        return out
    }

    /// An event without a message (2025-11-25): from its id on the client can come back, after this many milliseconds.
    static func priming(id: String, retry: Int) -> ByteBuffer {
        ByteBuffer(string: "id: \(id)\nretry: \(retry)\ndata: \n\n")
    }
}
