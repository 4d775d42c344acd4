package import GateCore

/// A verified reply to a heartbeat, whose nonce was the outstanding one, with the entitlement in it opened.
package struct LicenseReply: Sendable, Equatable {
    package var licenseID: String
    package var instanceID: String
    package var serverTime: Int
    package var seq: Int
    package var terms: Entitlement?
    package var order: LicenseCommand?

    package init(
        licenseID: String, instanceID: String, serverTime: Int, seq: Int, terms: Entitlement? = nil,
        order: LicenseCommand? = nil
    ) {
        self.licenseID = licenseID
        self.instanceID = instanceID
        self.serverTime = serverTime
        self.seq = seq
        self.terms = terms
        self.order = order
    }
}

extension Entitlement {
    /// Seconds of grace; more than a year is nobody's intention.
    var grace: Int { min(max(graceDays, 0), 366) * LicenseTime.day }

    package var grantedTier: Tier { Tier(rawValue: tier.rawValue) ?? .free }

    package var grantedLimits: LicenseLimits { LicenseLimits(backends: limits.backends, agents: limits.agents) }
}
