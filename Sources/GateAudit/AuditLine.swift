import GateCrypto
package import GateProtocol

/// One record as it was read.
package struct AuditLine: Sendable {
    package let sequence: Int
    package let kind: String
    package let previous: String
    package let hash: String
    package let value: JSONValue
    /// Whether the hash is that of the line's bytes.
    package let isWhole: Bool

    /// - Returns: nil for what is no record.
    package init?(_ line: some Collection<UInt8>) {
        let bytes = Array(line)
        guard let value = try? JSONValue(parsing: bytes), let sequence = value["seq"]?.intValue,
            let kind = value["kind"]?.stringValue, let previous = value["prev"]?.stringValue,
            let hash = value["hash"]?.stringValue, hash.utf8.count == 64
        else { return nil }
        self.sequence = sequence
        self.kind = kind
        self.previous = previous
        self.hash = hash
        self.value = value
        let end = Array(",\"hash\":\"\(hash)\"}".utf8)
        isWhole =
            bytes.count > end.count && bytes.suffix(end.count).elementsEqual(end)
            && Hex.encode(SHA256.hash(bytes.dropLast(end.count))) == hash
    }

    package var head: AuditChain.Head { AuditChain.Head(sequence: sequence, hash: hash) }
}
