/// A pattern over tool names: `*` stands for any run of characters (also none, also `/`), `?` for exactly one.
/// Everything else stands for itself, byte for byte and case-sensitively.
///
/// A pattern with a `/` is compared with `server/tool`, one without with the tool's original name.
///
/// Matching takes at most (bytes of the pattern) x (bytes of the name) steps and no memory; patterns are limited to
/// ``maxLength`` bytes, so it is linear in the name. There is no other syntax on purpose: patterns from outside must
/// not be able to take exponential time.
package struct ToolPattern: Hashable, Sendable, CustomStringConvertible {
    /// Longest pattern, in bytes.
    package static let maxLength = 256

    /// Why a text is no pattern.
    package enum Invalid: Error, Hashable, Sendable, CustomStringConvertible {
        case empty
        case tooLong(bytes: Int)

        package var description: String {
            switch self {
            case .empty: "a tool pattern must not be empty; write \"*\" for all tools"
            case .tooLong(let bytes):
                "a tool pattern may have at most \(ToolPattern.maxLength) bytes, this one has \(bytes)"
            }
        }
    }

    private let bytes: [UInt8]
    private let namesServer: Bool

    package init(_ text: String) throws(Invalid) {
        guard !text.isEmpty else { throw .empty }
        guard text.utf8.count <= Self.maxLength else { throw .tooLong(bytes: text.utf8.count) }
        bytes = Array(text.utf8)
        namesServer = bytes.contains(UInt8(ascii: "/"))
    }

    package var description: String { String(decoding: bytes, as: UTF8.self) }

    /// - Parameters:
    ///   - server: the configured name of the server.
    ///   - tool: the tool's original name. If it holds a `/` itself, a pattern with a `/` may also match it alone.
    package func matches(server: String, tool: String) -> Bool {
        let name = Array(tool.utf8)
        if namesServer, matches(Array(server.utf8) + [UInt8(ascii: "/")] + name) { return true }
        return matches(name)
    }

    /// Goes through the name once and, when it gets stuck, back to the last `*` only: an earlier one could not do
    /// better.
    private func matches(_ name: [UInt8]) -> Bool {
        var at = 0
        var position = 0
        var star: (after: Int, from: Int)?
        while position < name.count {
            if at < bytes.count, bytes[at] == UInt8(ascii: "*") {
                at += 1
                star = (at, position)
            } else if at < bytes.count, bytes[at] == UInt8(ascii: "?") {
                at += 1
                position = Self.afterCharacter(position, in: name)
            } else if at < bytes.count, bytes[at] == name[position] {
                at += 1
                position += 1
            } else if let last = star {
                let from = Self.afterCharacter(last.from, in: name)
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
    private static func afterCharacter(_ position: Int, in name: [UInt8]) -> Int {
        var next = position + 1
        while next < name.count, name[next] & 0xC0 == 0x80 { next += 1 }
        return next
    }
}
