/// The name of a server's resource that always means that server's: `stonegate:SERVER/URI`, with the server's own URI as it is.
/// Templates have it too.
enum QualifiedURI {
    static func text(_ server: String, _ uri: String) -> String { "\(prefix)\(server)/\(uri)" }

    /// - Returns: nil for any other URI.
    static func parts(_ text: String) -> (server: String, uri: String)? {
        let bytes = text.utf8
        guard bytes.count > prefix.utf8.count, bytes.starts(with: prefix.utf8) else { return nil }
        let rest = bytes.dropFirst(prefix.utf8.count)
        guard let slash = rest.firstIndex(of: UInt8(ascii: "/")) else { return nil }
        return (String(text[rest.startIndex..<slash]), String(text[bytes.index(after: slash)...]))
    }

    private static let prefix = "stonegate:"
}
