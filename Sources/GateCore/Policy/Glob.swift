/// A pattern over text: `*` stands for any run of characters (also none), `?` for exactly one. Everything else stands for itself, byte
/// for byte and case-sensitively.
///
/// Matching takes at most (bytes of the pattern) x (bytes of the text) steps and no memory; patterns are limited where they are read,
/// so it is linear in the text. There is no other syntax on purpose: patterns from outside must not be able to take exponential time.
struct Glob: Hashable, Sendable, CustomStringConvertible {
    let bytes: [UInt8]

    init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }

    var description: String { String(decoding: bytes, as: UTF8.self) }

    /// Whether it matches every text.
    var isEverything: Bool { !bytes.isEmpty && bytes.allSatisfy { $0 == UInt8(ascii: "*") } }

    func matches(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { matches($0) }
    }

    /// Goes through the text once and, when it gets stuck, back to the last `*` only: an earlier one could not do better.
    func matches(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        var at = 0
        var position = 0
        var star: (after: Int, from: Int)?
        while position < text.count {
            if at < bytes.count, bytes[at] == UInt8(ascii: "*") {
                at += 1
                star = (at, position)
            } else if at < bytes.count, bytes[at] == UInt8(ascii: "?") {
                at += 1
                position = Self.afterCharacter(position, in: text)
            } else if at < bytes.count, bytes[at] == text[position] {
                at += 1
                position += 1
            } else if let last = star {
                let from = Self.afterCharacter(last.from, in: text)
                star = (last.after, from)
                at = last.after
                position = from
            } else {
                return false
            }
        }
        return bytes[at...].allSatisfy { $0 == UInt8(ascii: "*") }
    }

    /// The position behind the character (Unicode scalar) at `position`.
    private static func afterCharacter(_ position: Int, in text: UnsafeBufferPointer<UInt8>) -> Int {
        var next = position + 1
        while next < text.count, text[next] & 0xC0 == 0x80 { next += 1 }
        return next
    }
}
