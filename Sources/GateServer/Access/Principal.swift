import GateAuth
package import GateCore

/// Somebody who has shown a credential: an agent, of a tenant or of none.
package final class Principal: Sendable {
    /// The name by which all of stonegate knows it: `agent`, or `tenant/agent`. Two with the same are the same.
    package let id: String
    package let agent: String
    package let tenant: String?
    /// What it may use: its tenant's rules and its own.
    package let policy: AccessPolicy
    /// Which of its tokens it came with, for people; nil for one of the configuration.
    package let tokenID: String?
    /// What it came with; nil where it stands for an agent that has not come.
    package let credential: TokenDigest?
    /// When the credential ends, in seconds since 1970; nil for never.
    package let expiry: Int?
    /// The identity provider's token that it came with; nil for a token of stonegate.
    let token: VerifiedToken?

    init(
        agent: String, tenant: String?, policy: AccessPolicy, tokenID: String? = nil, credential: TokenDigest? = nil,
        expiry: Int? = nil, token: VerifiedToken? = nil
    ) {
        self.agent = agent
        self.tenant = tenant
        id = Principal.id(agent: agent, tenant: tenant)
        self.policy = policy
        self.tokenID = tokenID
        self.credential = credential
        self.expiry = expiry
        self.token = token
    }

    package static func id(agent: String, tenant: String?) -> String { tenant.map { "\($0)/\(agent)" } ?? agent }

    /// The tenant in an ``id``.
    package static func tenant(ofID id: String) -> String? {
        id.utf8.firstIndex(of: UInt8(ascii: "/")).map { String(id[..<$0]) }
    }
}
