/// A ``Glob`` over tool names, in which `*` stands for `/` too.
///
/// A pattern with a `/` is compared with `server/tool`, one without with the tool's original name.
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

    private let glob: Glob
    private let namesServer: Bool

    package init(_ text: String) throws(Invalid) {
        guard !text.isEmpty else { throw .empty }
        guard text.utf8.count <= Self.maxLength else { throw .tooLong(bytes: text.utf8.count) }
        glob = Glob(text.utf8)
        namesServer = text.utf8.contains(UInt8(ascii: "/"))
    }

    package var description: String { glob.description }

    /// - Parameters:
    ///   - server: the configured name of the server.
    ///   - tool: the tool's original name. If it holds a `/` itself, a pattern with a `/` may also match it alone.
    package func matches(server: String, tool: String) -> Bool {
        (namesServer && glob.matches("\(server)/\(tool)")) || glob.matches(tool)
    }
}
