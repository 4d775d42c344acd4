package import GateProtocol

/// What an authority orders, inside a signed ``HeartbeatReply``: so it is bound to a license, an instance and a nonce.
package struct LicenseCommand: Sendable, Equatable {
    package enum Kind: String, Sendable, CaseIterable {
        /// The license ends at ``LicenseCommand/effectiveAt``.
        case die
        /// Undoes a `die`.
        case restore
    }

    /// A command may not be valid for longer than this many seconds: 7 days.
    package static let maximumValidity = 7 * 86_400

    package var kind: Kind
    /// One order has one id, however often it is told; nothing is done twice for one id.
    package var id: String
    package var reasonCode: String
    package var effectiveAt: Int
    /// Until when this telling of it may be acted on.
    package var notAfter: Int
    /// The reply's.
    package var seq: Int

    package init(kind: Kind, id: String, reasonCode: String, effectiveAt: Int, notAfter: Int, seq: Int) {
        self.kind = kind
        self.id = id
        self.reasonCode = reasonCode
        self.effectiveAt = effectiveAt
        self.notAfter = notAfter
        self.seq = seq
    }

    package init(json: JSONValue) throws(WireError) {
        var reader = try WireReader(json, name: "command")
        kind = try reader.value("kind") { Kind(rawValue: $0) }
        id = try reader.string("id", where: WireText.isIdentifier)
        reasonCode = try reader.string("reason_code", where: WireText.isIdentifier)
        effectiveAt = try reader.time("effective_at")
        notAfter = try reader.time("not_after")
        seq = try reader.integer("seq", in: WireLimits.numbers)
        try reader.end()
    }

    package var json: JSONValue {
        [
            "kind": .string(kind.rawValue), "id": .string(id), "reason_code": .string(reasonCode),
            "effective_at": JSONValue(effectiveAt), "not_after": JSONValue(notAfter), "seq": JSONValue(seq),
        ]
    }

    /// Whether it may be acted on: not over, and not valid for longer than any command may be.
    package func isCurrent(at now: Int) -> Bool {
        let left = notAfter.subtractingReportingOverflow(now)
        return !left.overflow && (0...LicenseCommand.maximumValidity).contains(left.partialValue)
    }
}
