import GateCore

/// 256 random bits that tie a reply to its request.
package struct Nonce: Sendable, Hashable {
    package static let bytes = 32
    package let raw: [UInt8]

    package init(using generator: inout some RandomNumberGenerator) {
        raw = (0..<Nonce.bytes).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }

    /// Reads ``text``.
    package init?(_ text: String) {
        guard let raw = Base64.decodeURL(text.utf8), raw.count == Nonce.bytes else { return nil }
        self.raw = raw
    }

    /// Base64url, 43 characters.
    package var text: String { Base64.encodeURL(raw) }
}
