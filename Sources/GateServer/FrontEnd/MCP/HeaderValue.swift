import GateCore

/// Values of MCP's own header fields (2026-07-28): plain visible ASCII, or base64 of UTF-8 in a wrapper.
enum HeaderValue {
    /// The bytes that the value stands for; nil for a broken wrapper and for bytes that had to be wrapped.
    static func decode(_ value: ArraySlice<UInt8>) -> [UInt8]? {
        let prefix = Array("=?base64?".utf8)
        guard value.starts(with: prefix), value.suffix(2).elementsEqual("?=".utf8),
            value.count >= prefix.count + 2
        else {
            return value.allSatisfy { (0x20..<0x7F).contains($0) || $0 == 0x09 } ? Array(value) : nil
        }
        guard let bytes = Base64.decode(value.dropFirst(prefix.count).dropLast(2)),
            String(validating: bytes, as: UTF8.self) != nil
        else { return nil }
        return bytes
    }
}
