import GateAuth
import GateConfig
import GateCore
import GateProtocol
import Synchronization

extension AccessTable {
    /// What a token is worth, and whom it lets in.
    enum TokenVerdict {
        case principal(Principal)
        /// No token of an agent, or not any longer; the provider's are not asked about.
        case nobody
        case undecided
        case refused(TokenFault, retryAfter: Duration?)
        case unavailable(Duration)
        case insufficientScope([String])
        /// A good token of somebody who is nobody here.
        case unmapped(String)
    }

    /// - Parameter now: seconds since 1970.
    func judge(token: ArraySlice<UInt8>, now: Int) -> TokenVerdict {
        let digest = TokenDigest(of: token)
        if let agent = state.withLock({ $0.principals.principal(token: digest) }) {
            return agent.expiry.map { now >= $0 } ?? false ? .nobody : .principal(agent)
        }
        guard let oauth, AgentToken.id(token) == nil else { return .nobody }
        switch oauth.judge(token, digest, now: now) {
        case .undecided: return .undecided
        case .refused(let fault): return .refused(fault, retryAfter: nil)
        case .unknownKey(let pause): return .refused(.unknownKey, retryAfter: pause)
        case .unavailable(let pause): return .unavailable(pause)
        case .verified(let token):
            let missing = token.missing(of: oauth.settings.requiredScopes)
            guard missing.isEmpty else { return .insufficientScope(missing) }
            return state.withLock { $0.principals.principal(token, oauth.settings) }
        }
    }

    /// To be called every second: cuts what is open with a credential that has ended, and keeps the provider's keys fresh.
    package func tick(now: Int) {
        oauth?.keys.tick()
        live.cut { principal in
            if principal.expiry.map({ now >= $0 }) ?? false { return true }
            guard let oauth, let token = principal.token else { return false }
            return oauth.hasLostKey(token)
        }
    }
}

extension Principals {
    /// Names of agents that come with tokens of a provider: its names for people and programs are longer than ours.
    private static let maxName = 255

    /// What somebody may use who is known by this id, or may come in under it with a token of the provider.
    func policy(id: String) -> AccessPolicy? {
        if let known = byID[ExactText(id)] { return known.policy }
        guard takesTokens, let tenant = Principal.tenant(ofID: id) else { return nil }
        return tenantPolicies[ExactText(tenant)]
    }

    /// Who comes with a token that was verified: the agent of that name, else somebody of the tenant, else nobody.
    func principal(_ token: VerifiedToken, _ settings: GatewayConfig.OAuth) -> AccessTable.TokenVerdict {
        guard let agent = token.agent, (1...Principals.maxName).contains(agent.utf8.count),
            agent.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            return .unmapped(
                "The token has no name in its claim '\(settings.agentClaim)' (oauth.agent_claim): 1 to "
                    + "\(Principals.maxName) visible ASCII characters.")
        }
        var tenant = settings.tenant
        if let claim = settings.tenantClaim {
            guard let named = token.tenant else {
                return .unmapped("The token has no text in its claim '\(claim)' (oauth.tenant_claim).")
            }
            tenant = named
        }
        let id = Principal.id(agent: agent, tenant: tenant)
        let policy: AccessPolicy
        if let tenant {
            guard let own = tenantPolicies[ExactText(tenant)] else {
                return .unmapped("There is no tenant of the name in the token's claim '\(settings.tenantClaim ?? "")'.")
            }
            // An agent that is known by name has its own rules, whatever it comes with.
            policy = PrincipalName.isName(agent) ? byID[ExactText(id)]?.policy ?? own : own
        } else {
            guard PrincipalName.isName(agent), let known = byID[ExactText(id)] else {
                return .unmapped(
                    "There is no agent '\(agent)', and the token names no tenant. An operator adds [[agents]] with that "
                        + "name, or [[tenants]] and oauth.tenant_claim.")
            }
            policy = known.policy
        }
        return .principal(
            Principal(agent: agent, tenant: tenant, policy: policy, expiry: token.expiry, token: token))
    }
}

extension PrincipalName {
    fileprivate static func isName(_ name: String) -> Bool { problem(name, maxBytes: maxAgent) == nil }
}
