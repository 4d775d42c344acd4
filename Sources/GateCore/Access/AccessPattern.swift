/// A pattern of what a caller may use: `server/item`, each part a ``Glob``. The item is a tool's or prompt's own name, or a resource's own
/// URI, and may hold further `/`. `*` alone is everything.
package struct AccessPattern: Hashable, Sendable, CustomStringConvertible {
    /// Longest pattern, in bytes.
    package static let maxLength = 512

    /// Why a text is no pattern.
    package enum Invalid: Error, Hashable, Sendable, CustomStringConvertible {
        case empty
        case noServer(String)
        case tooLong(bytes: Int)

        package var description: String {
            switch self {
            case .empty: "a pattern must not be empty; write \"*\" for everything"
            case .noServer(let text):
                "a pattern says server and name: \"\(text)/*\" for all of server \"\(text)\", \"*/\(text)\" for that name at every server"
            case .tooLong(let bytes):
                "a pattern may have at most \(AccessPattern.maxLength) bytes, this one has \(bytes)"
            }
        }
    }

    let server: Glob
    let item: Glob

    package init(_ text: String) throws(Invalid) {
        guard !text.isEmpty else { throw .empty }
        guard text.utf8.count <= Self.maxLength else { throw .tooLong(bytes: text.utf8.count) }
        guard let slash = text.utf8.firstIndex(of: UInt8(ascii: "/")) else {
            guard text == "*" else { throw .noServer(text) }
            server = Glob("*".utf8)
            item = Glob("*".utf8)
            return
        }
        server = Glob(text.utf8[..<slash])
        item = Glob(text.utf8[text.utf8.index(after: slash)...])
        guard !server.bytes.isEmpty, !item.bytes.isEmpty else { throw .noServer(text) }
    }

    package var description: String { "\(server)/\(item)" }

    func matches(server name: String, item text: String) -> Bool { server.matches(name) && item.matches(text) }
}
