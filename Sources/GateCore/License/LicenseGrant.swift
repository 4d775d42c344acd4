/// What the license allows at this moment, and how it stands.
package struct LicenseGrant: Sendable, Equatable {
    /// How it stands.
    package var standing: LicenseStanding
    /// What counts for new work. What is already running is never touched by it.
    package var tier: Tier
    /// Numbers of this license alone.
    package var limits: LicenseLimits

    package init(standing: LicenseStanding, tier: Tier, limits: LicenseLimits = LicenseLimits()) {
        self.standing = standing
        self.tier = tier
        self.limits = limits
    }

    /// Without a license.
    package static let free = LicenseGrant(standing: .free, tier: .free)
}

package enum LicenseStanding: String, Sendable, CaseIterable {
    /// There is no license, or one whose time is over.
    case free
    case active
    /// The license is valid, and a newer entitlement for it has been asked for in vain.
    case renewing
    /// The entitlement has expired; its tier stays for the days of grace.
    case grace
    /// The license has been revoked, and its tier stays until a moment that is known.
    case revocationPending = "revocation_pending"
    /// The license has been revoked: new work that needs a higher tier is refused with `LICENSE_REVOKED`.
    case revoked
}

/// Numbers that an entitlement sets for its license; nil where the tier's own number counts.
package struct LicenseLimits: Sendable, Equatable {
    package var backends: Int?
    package var agents: Int?

    package init(backends: Int? = nil, agents: Int? = nil) {
        self.backends = backends
        self.agents = agents
    }
}
