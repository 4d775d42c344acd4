/// The credential of an agent: `sg_agent_ID_SECRET_CHECK`. The id tells tokens apart for people, the secret is 256 random bits, and the
/// check lets scanners of repositories, and the gateway's errors, tell a token from what only looks like one.
package enum AgentToken {
    package static let prefix = "sg_agent_"
    private static let idLength = 8
    private static let secretLength = 43
    private static let checkLength = 6
    private static let letters = Array("0123456789abcdefghijklmnopqrstuvwxyz".utf8)
    /// base64url without its `_`, which separates the parts.
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.".utf8)

    package static func make() -> (token: String, id: String) {
        var random = SystemRandomNumberGenerator()
        let id = (0..<idLength).map { _ in letters[Int.random(in: 0..<letters.count, using: &random)] }
        let secret = (0..<secretLength).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &random)] }
        let head = Array(prefix.utf8) + id + [UInt8(ascii: "_")] + secret
        let text = head + [UInt8(ascii: "_")] + check(head)
        return (String(decoding: text, as: UTF8.self), String(decoding: id, as: UTF8.self))
    }

    /// The token's id; nil for what is no token of this form, whether it is known or not.
    package static func id(_ token: some Collection<UInt8>) -> String? {
        let token = Array(token)
        let length = prefix.utf8.count + idLength + 1 + secretLength + 1 + checkLength
        guard token.count == length, token.starts(with: prefix.utf8),
            token[length - checkLength - 1] == UInt8(ascii: "_")
        else { return nil }
        guard token.suffix(checkLength).elementsEqual(check(token.dropLast(checkLength + 1))) else { return nil }
        return String(decoding: token[prefix.utf8.count..<(prefix.utf8.count + idLength)], as: UTF8.self)
    }

    /// CRC-32 (IEEE 802.3) in base 36.
    private static func check(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        var crc: UInt32 = ~0
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
        // Base 36 of 32 bits has up to 7 digits; the lowest 6 are enough for a check.
        var rest = ~crc
        return (0..<checkLength).map { _ in
            defer { rest /= 36 }
            return letters[Int(rest % 36)]
        }
    }
}
