import GateCore

/// The header fields that MCP adds to HTTP, and what their values may be.
enum MCPHeader {
    static let version = "MCP-Protocol-Version"
    static let method = "Mcp-Method"
    static let name = "Mcp-Name"
    static let session = "Mcp-Session-Id"
    static let lastEventID = "Last-Event-ID"

    /// A value for a mirrored field: as it is when it is plain visible ASCII, else wrapped as `=?base64?…?=` (2026-07-28).
    static func encoded(_ value: String) -> String {
        let bytes = value.utf8
        let isPlain =
            bytes.allSatisfy { (0x20...0x7E).contains($0) } && bytes.first != 0x20 && bytes.last != 0x20
            && !bytes.isEmpty
        let looksWrapped = bytes.starts(with: "=?base64?".utf8) && bytes.suffix(2).elementsEqual("?=".utf8)
        return isPlain && !looksWrapped ? value : "=?base64?" + Base64.encode(Array(bytes)) + "?="
    }

    /// A session id or event id that may be sent back: visible ASCII of a sane length.
    static func isReturnable(_ id: String) -> Bool {
        (1...1024).contains(id.utf8.count) && id.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}

extension StaticString {
    func isSame(as other: StaticString) -> Bool {
        let one = UnsafeBufferPointer(start: utf8Start, count: utf8CodeUnitCount)
        return one.elementsEqual(UnsafeBufferPointer(start: other.utf8Start, count: other.utf8CodeUnitCount))
    }
}
