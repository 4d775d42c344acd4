import GateCrypto

/// The SHA-256 of a token: all that is kept of it. A token is 256 random bits, so nothing slower is needed, and to look one up by its
/// digest tells nobody how near a guess was.
package struct TokenDigest: Hashable, Sendable {
    private let high: (UInt64, UInt64)
    private let low: (UInt64, UInt64)

    package init(of token: some Collection<UInt8>) {
        self.init(bytes: SHA256.hash(token))
    }

    /// Stands for a client certificate in the same table. No token can be this text: no header field carries a NUL.
    package init(certificate name: String) {
        self.init(of: [0] + Array("certificate".utf8) + [0] + Array(name.utf8))
    }

    private init(bytes: [UInt8]) {
        func word(_ index: Int) -> UInt64 { bytes[(index * 8)..<(index * 8 + 8)].reduce(0) { $0 << 8 | UInt64($1) } }
        high = (word(0), word(1))
        low = (word(2), word(3))
    }

    /// Reads 64 hexadecimal digits.
    package init?(hex: String) {
        guard hex.utf8.count == 64 else { return nil }
        var bytes: [UInt8] = []
        var half: UInt8?
        for digit in hex.utf8 {
            let value: UInt8
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = digit - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): value = digit - UInt8(ascii: "A") + 10
            default: return nil
            }
            if let upper = half {
                bytes.append(upper << 4 | value)
                half = nil
            } else {
                half = value
            }
        }
        self.init(bytes: bytes)
    }

    package var hex: String {
        [high.0, high.1, low.0, low.1].map { word in
            let text = String(word, radix: 16)
            return String(repeating: "0", count: 16 - text.utf8.count) + text
        }.joined()
    }

    package static func == (left: TokenDigest, right: TokenDigest) -> Bool {
        // All of it in any case.
        (left.high.0 ^ right.high.0) | (left.high.1 ^ right.high.1) | (left.low.0 ^ right.low.0)
            | (left.low.1 ^ right.low.1) == 0
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(high.0) }
}
