package import GateProtocol

/// What an instance may do until when: the signed statement that a gateway keeps and verifies without the network.
package struct Entitlement: SignedMessage {
    package static let kind = MessageKind.entitlement

    package var kid: KeyID
    package var licenseID: String
    package var instanceID: String
    package var tier: LicenseTier
    package var limits: EntitlementLimits
    /// Seconds since 1970, UTC, like all times of license messages.
    package var issuedAt: Int
    package var notAfter: Int
    /// How many days after ``notAfter`` nothing changes yet.
    package var graceDays: Int
    /// Grows with everything that is signed for a license; one that is not above the last known is old.
    package var seq: Int

    package init(
        kid: KeyID, licenseID: String, instanceID: String, tier: LicenseTier,
        limits: EntitlementLimits = EntitlementLimits(), issuedAt: Int, notAfter: Int, graceDays: Int, seq: Int
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
        tier = try reader.value("tier") { LicenseTier(rawValue: $0) }
        limits = try EntitlementLimits(json: reader.object("limits"))
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

/// Numbers that a license sets below what its tier allows. None: the tier's own.
package struct EntitlementLimits: Sendable, Equatable {
    package var backends: Int?
    package var agents: Int?

    package init(backends: Int? = nil, agents: Int? = nil) {
        self.backends = backends
        self.agents = agents
    }

    init(json: JSONValue) throws(WireError) {
        var reader = try WireReader(json, name: "limits")
        backends = try reader.optionalInteger("backends", in: 1...1_000_000)
        agents = try reader.optionalInteger("agents", in: 1...1_000_000)
        try reader.end()
    }

    var json: JSONValue {
        var object = JSONObject()
        if let backends { object["backends"] = JSONValue(backends) }
        if let agents { object["agents"] = JSONValue(agents) }
        return .object(object)
    }
}
