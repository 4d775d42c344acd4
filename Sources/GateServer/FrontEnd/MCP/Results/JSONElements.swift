import GateProtocol
import NIOCore

/// The elements of a JSON array as slices of its text.
enum JSONElements {
    /// The array with some of its elements replaced, in pieces; nil when none is.
    static func replacing(in array: ByteBuffer, _ other: (ByteBuffer) -> ByteBuffer?) -> [ByteBuffer]? {
        let ranges = array.withUnsafeReadableBytes { text -> [Range<Int>] in
            var scanner = JSONScanner(text)
            return (try? scanner.scanArray()) ?? []
        }
        let start = array.readerIndex
        var parts: [ByteBuffer] = []
        var end = 0
        for range in ranges {
            guard let element = array.getSlice(at: start + range.lowerBound, length: range.count),
                let replaced = other(element)
            else { continue }
            parts.append(array.getSlice(at: start + end, length: range.lowerBound - end) ?? ByteBuffer())
            parts.append(replaced)
            end = range.upperBound
        }
        guard !parts.isEmpty else { return nil }
        let rest = array.getSlice(at: start + end, length: array.readableBytes - end)
        return parts + [rest ?? ByteBuffer()]
    }
}
