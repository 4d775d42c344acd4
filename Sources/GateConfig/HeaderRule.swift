/// Which headers may be sent to an HTTP backend.
enum HeaderRule {
    static func problem(name: String, value: String) -> String? {
        guard !name.isEmpty, name.utf8.count <= 256, name.utf8.allSatisfy(isTokenByte) else {
            return "is no header name: use letters, digits and '-'"
        }
        if own.contains(TextRule.lowercased(name)) { return "is set by the gateway itself; remove it" }
        guard value.utf8.allSatisfy({ ($0 >= 0x20 && $0 != 0x7F) || $0 == UInt8(ascii: "\t") }) else {
            return "must not hold line breaks or other control characters"
        }
        return nil
    }

    /// Headers of the connection and of the protocol, which would break both when they were fixed.
    private static let own: Set<String> = [
        "host", "content-length", "content-type", "transfer-encoding", "connection", "keep-alive", "te", "trailer",
        "upgrade", "expect", "accept", "accept-encoding", "last-event-id", "mcp-session-id", "mcp-protocol-version",
        "mcp-method", "mcp-name",
    ]

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        byte.isDigit || byte.isLetter || "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
}
