#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Values of MCP's own header fields (2026-07-28).
enum HeaderText {
    /// Plain visible ASCII as it is, anything else as base64 in the protocol's wrapper.
    static func encode(_ text: String) -> String {
        let bytes = text.utf8
        let isPlain =
            bytes.allSatisfy { (0x20...0x7E).contains($0) } && bytes.first != 0x20 && bytes.last != 0x20
            && !bytes.isEmpty && !(bytes.starts(with: "=?base64?".utf8) && text.hasSuffix("?="))
        return isPlain ? text : "=?base64?\(Data(bytes).base64EncodedString())?="
    }

    /// Whether the text can be sent as a header's value as it is.
    static func isUsable(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 1024 && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}
