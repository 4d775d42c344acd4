/// The SHA-256 of a tool's definition in its canonical form, as 64 hexadecimal digits.
package struct DefinitionDigest: Hashable, Sendable, CustomStringConvertible {
    package let hex: String

    /// - Returns: nil for anything but 64 lower-case hexadecimal digits.
    package init?(hex: String) {
        let isDigit: (UInt8) -> Bool = { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
        guard hex.utf8.count == 64, hex.utf8.allSatisfy(isDigit) else { return nil }
        self.hex = hex
    }

    /// - Parameter bytes: 32 of them.
    package init(bytes: some Sequence<UInt8>) {
        let digits = Array("0123456789abcdef".utf8)
        var hex: [UInt8] = []
        for byte in bytes { hex += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
        self.hex = String(decoding: hex, as: UTF8.self)
    }

    package var description: String { "sha256:" + hex }

    /// Enough of it for people to tell definitions apart.
    package var short: String { String(hex.prefix(12)) }
}
