import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Cuts a byte stream into lines at `\n`. A line's verdict depends on its bytes alone, not on how they were cut into reads.
///
/// A line longer than the limit is skipped to its end and counted; one that has not ended at twice the limit means that the other
/// side does not speak in lines at all.
struct LineFramer {
    enum Verdict: Equatable {
        case fine
        /// Nothing sensible will come any more.
        case notLines
    }

    let limit: Int
    private var held = ByteBuffer()
    /// Bytes at the start of `held` that are known to hold no line end.
    private var searched = 0
    private var skipped = 0
    private var isSkipping = false
    private(set) var oversized = 0

    init(limit: Int) { self.limit = limit }

    /// Takes what was read and gives each complete line without its end.
    mutating func feed(_ incoming: ByteBuffer, _ line: (ByteBuffer) -> Void) -> Verdict {
        var incoming = incoming
        if held.readableBytes == 0 {
            held = incoming
        } else {
            held.writeBuffer(&incoming)
        }
        while let end = nextLineEnd() {
            let length = end - held.readerIndex
            var content = held.readSlice(length: length) ?? ByteBuffer()
            held.moveReaderIndex(forwardBy: 1)
            searched = 0
            if isSkipping {
                isSkipping = false
                skipped = 0
                oversized += 1
                continue
            }
            if length > limit {
                oversized += 1
                continue
            }
            if length > 0, content.getInteger(at: content.writerIndex - 1, as: UInt8.self) == 0x0D {
                content.moveWriterIndex(to: content.writerIndex - 1)
            }
            if content.readableBytes > 0 { line(content) }
        }
        searched = held.readableBytes
        if isSkipping || held.readableBytes > limit {
            isSkipping = true
            skipped += held.readableBytes
            held = ByteBuffer()
            searched = 0
            if skipped > limit * 2 { return .notLines }
        } else if held.readableBytes == 0 {
            held = ByteBuffer()
        }
        return .fine
    }

    private func nextLineEnd() -> Int? {
        held.withUnsafeReadableBytes { bytes in
            guard searched < bytes.count, let base = bytes.baseAddress,
                let found = memchr(base + searched, 0x0A, bytes.count - searched)
            else { return nil }
            return held.readerIndex + (UnsafeRawPointer(found) - base)
        }
    }
}
