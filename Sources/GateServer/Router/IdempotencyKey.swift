import GateProtocol

/// The caller's own name for one call: sent again under it, the call is not carried out again and has the same answer. Each agent has
/// names of its own.
package enum IdempotencyKey {
    /// The header of REST requests, as draft-ietf-httpapi-idempotency-key-header has it.
    static let header = "Idempotency-Key"
    private static let maxBytes = 255

    /// - Returns: the key without the quotes that the draft demands and nobody writes.
    /// - Throws: `INVALID_PARAMS` for one that is empty, too long, or not printable ASCII.
    static func checked(_ text: String) throws(GateError) -> String {
        var bytes = text.utf8[...]
        if bytes.count >= 2, bytes.first == UInt8(ascii: "\""), bytes.last == UInt8(ascii: "\"") {
            bytes = bytes.dropFirst().dropLast()
        }
        guard (1...maxBytes).contains(bytes.count), bytes.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw GateError(
                .invalidParams,
                "An idempotency key is 1 to \(maxBytes) printable ASCII characters. The call was not sent.",
                source: .caller)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
