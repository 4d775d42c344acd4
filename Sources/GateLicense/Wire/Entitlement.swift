package import GateCore
package import GateProtocol

/// The tier as license messages name it.
package typealias LicenseTier = Tier

/// What an instance may do until when: the signed statement that a gateway keeps and verifies without the network.
package struct Entitlement: SignedMessage {
    package static let kind = MessageKind.entitlement

    package var kid: KeyID
    package var licenseID: String
    package var instanceID: String
    package var tier: Tier
    package var limits: LicenseLimits
    /// Seconds since 1970, UTC, like all times of license messages.
    package var issuedAt: Int
    package var notAfter: Int
    /// How many days after ``notAfter`` nothing changes yet.
    package var graceDays: Int
    /// Grows with everything that is signed for a license; one that is not above the last known is old.
    package var seq: Int

    package init(
        kid: KeyID, licenseID: String, instanceID: String, tier: Tier,
        limits: LicenseLimits = LicenseLimits(), issuedAt: Int, notAfter: Int, graceDays: Int, seq: Int
    ) {
        self.kid = kid
        self.licenseID = licenseID
        self.instanceID = instanceID
        self.tier = tier
        self.limits = limits
        self.issuedAt = issuedAt
        self.notAfter = notAfter
        self.graceDays = graceDays
        self.seq = seq
    }

    package init(json: JSONValue) throws(WireError) {
        var reader = try WireReader(json)
        try reader.version()
        kid = try reader.value("kid") { KeyID($0) }
        licenseID = try reader.string("license_id", where: WireText.isIdentifier)
        instanceID = try reader.string("instance_id", where: WireText.isIdentifier)
        tier = try reader.value("tier") { Tier(rawValue: $0) }
        limits = try LicenseLimits(json: reader.object("limits"))
        issuedAt = try reader.time("issued_at")
        notAfter = try reader.time("not_after")
        graceDays = try reader.integer("grace_days", in: 0...365)
        seq = try reader.integer("seq", in: WireLimits.numbers)
        try reader.end()
        guard issuedAt <= notAfter else { throw .badMember("not_after") }
    }

    package var json: JSONValue {
        [
            "v": JSONValue(WireLimits.version), "kid": .string(kid.text), "license_id": .string(licenseID),
            "instance_id": .string(instanceID), "tier": .string(tier.rawValue), "limits": limits.json,
            "issued_at": JSONValue(issuedAt), "not_after": JSONValue(notAfter), "grace_days": JSONValue(graceDays),
            "seq": JSONValue(seq),
        ]
    }

    /// - Throws: ``WireError/notForUs(_:)`` when it was signed for another license or instance.
    package func check(licenseID: String, instanceID: String) throws(WireError) {
        guard self.licenseID == licenseID else { throw .notForUs("license") }
        guard self.instanceID == instanceID else { throw .notForUs("instance") }
    }
}

extension LicenseLimits {
    init(json: JSONValue) throws(WireError) {
        var reader = try WireReader(json, name: "limits")
        self.init(
            backends: try reader.optionalInteger("backends", in: LicenseLimits.range),
            agents: try reader.optionalInteger("agents", in: LicenseLimits.range))
        try reader.end()
    }

    /// What may be set.
    package static let range = 1...1_000_000

    var json: JSONValue {
        var object = JSONObject()
        if let backends { object["backends"] = JSONValue(backends) }
        if let agents { object["agents"] = JSONValue(agents) }
        return .object(object)
    }
}
