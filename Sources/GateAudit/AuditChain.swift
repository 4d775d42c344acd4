import GateCrypto

/// The chain that the records form: each carries the hash of the one before it, so that none can be changed, taken out, added or moved
/// without all behind it changing too.
package struct AuditChain: Sendable, Equatable {
    /// Number and hash of the last record: what has to be known elsewhere to notice that the end was cut off.
    package struct Head: Sendable, Equatable, CustomStringConvertible {
        package let sequence: Int
        package let hash: String

        package init(sequence: Int, hash: String) {
            self.sequence = sequence
            self.hash = hash
        }

        /// Reads `SEQ:HASH`.
        package init?(_ text: String) {
            let parts = text.split(separator: ":")
            guard parts.count == 2, let sequence = Int(parts[0]), sequence >= 0, parts[1].utf8.count == 64,
                Hex.decode(parts[1].utf8) != nil
            else { return nil }
            self.init(sequence: sequence, hash: String(parts[1]))
        }

        package var description: String { "\(sequence):\(hash)" }
    }

    package static let start = Head(sequence: 0, hash: String(repeating: "0", count: 64))

    package private(set) var head: Head

    package init(head: Head = AuditChain.start) { self.head = head }

    /// Makes the next record's line, without the line break.
    ///
    /// - Parameters:
    ///   - members: the record's own, as JSON text without braces; may be empty.
    ///   - time: as RFC 3339; for people, nothing is decided by it.
    ///   - monotonic: nanoseconds since some moment of this run.
    package mutating func append(kind: String, members: [UInt8], time: String, monotonic: UInt64) -> [UInt8] {
        let sequence = head.sequence + 1
        var line = Array("{\"seq\":\(sequence),\"time\":\"\(time)\",\"mono_ns\":\(monotonic),\"kind\":\"\(kind)\"".utf8)
        if !members.isEmpty { line += [UInt8(ascii: ",")] + members }
        line += Array(",\"prev\":\"\(head.hash)\"".utf8)
        let hash = Hex.encode(SHA256.hash(line))
        line += Array(",\"hash\":\"\(hash)\"}".utf8)
        head = Head(sequence: sequence, hash: hash)
        return line
    }

    /// What a checkpoint signs.
    package static func signed(_ head: Head) -> [UInt8] { Array("stonegate audit 1\n\(head)\n".utf8) }
}
