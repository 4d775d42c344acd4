package import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Cuts a byte stream into lines at `\n`. A line's verdict depends on its bytes alone, not on how they were cut into reads.
///
/// A line longer than the limit is skipped to its end and counted; one that goes on for ever means that the other side does not
/// speak in lines at all.
///
/// What is held is the beginning of one line and nothing else: a line that has ended takes its memory with it, so that what is
/// still being written to a client never keeps the bytes of other lines alive.
package struct LineFramer {
    package enum Verdict: Equatable {
        case fine
        /// Nothing sensible will come any more.
        case notLines
    }

    /// Lines up to this size are copied by whoever writes them out; larger ones are passed on as they are.
    private static let smallLine = 4096

    let limit: Int
    /// Bytes of one line that are skipped before it counts as endless.
    let skipLimit: Int
    /// The beginning of a line whose end has not come, in memory of its own.
    private var held = ByteBuffer()
    private var skipped = 0
    private var isSkipping = false
    private(set) var oversized = 0

    /// Bytes of the line that has not ended.
    var heldBytes: Int { held.readableBytes }

    package init(limit: Int, skipLimit: Int) {
        self.limit = limit
        self.skipLimit = max(skipLimit, limit)
    }

    /// Takes what was read and gives each complete line without its end.
    package mutating func feed(_ incoming: ByteBuffer, _ line: (ByteBuffer) -> Void) -> Verdict {
        var incoming = incoming
        while let length = LineFramer.lengthOfLine(incoming), let piece = incoming.readSlice(length: length) {
            incoming.moveReaderIndex(forwardBy: 1)
            if let content = end(with: piece), content.readableBytes > 0 { line(content) }
        }
        return keep(incoming)
    }

    /// The line that ends here; nil when it was too long.
    private mutating func end(with piece: ByteBuffer) -> ByteBuffer? {
        if isSkipping || held.readableBytes + piece.readableBytes > limit {
            oversized += 1
            isSkipping = false
            skipped = 0
            held = ByteBuffer()
            return nil
        }
        var content: ByteBuffer
        if held.readableBytes == 0 {
            content = LineFramer.detached(piece)
        } else {
            content = held
            held = ByteBuffer()
            content.writeImmutableBuffer(piece)
        }
        if content.readableBytes > 0, content.getInteger(at: content.writerIndex - 1, as: UInt8.self) == 0x0D {
            content.moveWriterIndex(to: content.writerIndex - 1)
        }
        return content
    }

    private mutating func keep(_ rest: ByteBuffer) -> Verdict {
        if isSkipping || held.readableBytes + rest.readableBytes > limit {
            isSkipping = true
            skipped += held.readableBytes + rest.readableBytes
            held = ByteBuffer()
            return skipped > skipLimit ? .notLines : .fine
        }
        if rest.readableBytes > 0 { held.writeImmutableBuffer(rest) }
        return .fine
    }

    /// A line of middle size would keep the whole read alive, many times its own size, until a slow client has taken it.
    private static func detached(_ piece: ByteBuffer) -> ByteBuffer {
        guard piece.readableBytes > smallLine, piece.readableBytes < piece.storageCapacity / 4 else { return piece }
        var copy = ByteBufferAllocator().buffer(capacity: piece.readableBytes)
        copy.writeImmutableBuffer(piece)
        return copy
    }

    private static func lengthOfLine(_ bytes: ByteBuffer) -> Int? {
        bytes.withUnsafeReadableBytes { bytes in
            guard let base = bytes.baseAddress, let found = memchr(base, 0x0A, bytes.count) else { return nil }
            return UnsafeRawPointer(found) - base
        }
    }
}
