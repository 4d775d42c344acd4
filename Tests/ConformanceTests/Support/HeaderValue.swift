import GateProtocol

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// How 2026-07-28 writes a value into a header.
enum HeaderValue {
    static func encoded(_ value: String) -> String {
        let isPlain = value.utf8.allSatisfy { (0x21...0x7E).contains($0) || $0 == 0x20 }
        let hasEdge = value.utf8.first == 0x20 || value.utf8.last == 0x20
        let looksWrapped = value.hasPrefix("=?base64?") && value.hasSuffix("?=")
        return isPlain && !hasEdge && !looksWrapped ? value : wrapped(value)
    }

    static func wrapped(_ value: String) -> String { "=?base64?\(Data(value.utf8).base64EncodedString())?=" }
}
