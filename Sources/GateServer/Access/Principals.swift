import GateConfig
import GateCore

/// Who there is and what each may use, made from the configuration and the agents that were added at run time. A value: what is in force
/// is replaced as a whole.
struct Principals: Sendable {
    private(set) var isRequired: Bool
    /// By the digest of their tokens.
    private var byToken: [TokenDigest: Principal] = [:]
    private(set) var byID: [ExactText: Principal] = [:]
    private var tenants: [ExactText: AccessRules] = [:]
    /// What somebody of a tenant may use who has no rules of its own.
    private(set) var tenantPolicies: [ExactText: AccessPolicy] = [:]
    private let oauth: GatewayConfig.OAuth
    /// Whether there is an identity provider.
    var takesTokens: Bool { oauth.issuer != nil }
    /// What was left out, in words: it stays out until somebody mends it.
    private(set) var problems: [String] = []

    /// - Parameter isExposed: whether the network reaches the gateway: then nobody comes in without a credential, whatever the
    ///   configuration says by now.
    init(_ config: GatewayConfig, _ runtime: [RuntimeAgent], isExposed: Bool = false) {
        isRequired = config.requiresCredentials || !runtime.isEmpty || isExposed
        oauth = config.oauth
        for tenant in config.tenants {
            let rules = AccessRules(tenant.grant, owner: "tenant '\(tenant.name)'")
            tenants[ExactText(tenant.name)] = rules
            tenantPolicies[ExactText(tenant.name)] = AccessPolicy([rules])
        }
        for agent in config.agents {
            guard let policy = policy(agent: agent.name, tenant: agent.tenant, agent.grant) else { continue }
            var digests = agent.tokenDigests.compactMap { TokenDigest(hex: $0) }
            if let token = agent.token { digests.append(TokenDigest(of: token.exposed.utf8)) }
            digests += agent.certificates.map { TokenDigest(certificate: $0) }
            let principal = Principal(agent: agent.name, tenant: agent.tenant, policy: policy)
            byID[ExactText(principal.id)] = principal
            for digest in digests {
                add(
                    digest,
                    Principal(agent: agent.name, tenant: agent.tenant, policy: policy, credential: digest))
            }
        }
        for agent in runtime {
            guard let policy = policy(agent: agent.name, tenant: agent.tenant, agent.grant) else { continue }
            let principal = Principal(
                agent: agent.name, tenant: agent.tenant, policy: policy, tokenID: agent.tokenID,
                credential: agent.digest, expiry: agent.expiry)
            byID[ExactText(principal.id)] = principal
            add(agent.digest, principal)
        }
    }

    private mutating func add(_ digest: TokenDigest, _ principal: Principal) {
        guard let other = byToken.updateValue(principal, forKey: digest) else { return }
        byToken[digest] = nil
        problems.append(
            "agents '\(other.id)' and '\(principal.id)' have the same token or certificate, which is refused: it would mix them up"
        )
    }

    /// What an agent may use; nil when its tenant does not exist: then it may not even come in.
    mutating func policy(agent: String, tenant: String?, _ grant: GatewayConfig.Grant?) -> AccessPolicy? {
        let id = Principal.id(agent: agent, tenant: tenant)
        var rules: [AccessRules] = []
        if let tenant {
            guard let own = tenants[ExactText(tenant)] else {
                problems.append("agent '\(id)' cannot come in: there is no tenant '\(tenant)' in the configuration")
                return nil
            }
            rules.append(own)
        }
        if let grant { rules.append(AccessRules(grant, owner: "agent '\(id)'")) }
        // Neither a tenant nor rules of its own: nothing is allowed.
        return rules.isEmpty ? AccessPolicy([AccessRules(owner: "agent '\(id)'", tools: .none)]) : AccessPolicy(rules)
    }

    func principal(token: TokenDigest) -> Principal? { byToken[token] }
    /// Whether what a sender was let in with has ended, or its rules are others now.
    func isOver(_ principal: Principal) -> Bool {
        guard isRequired else { return false }
        var current = principal.credential.flatMap { byToken[$0] }
        if let token = principal.token, case .principal(let mapped) = self.principal(token, oauth) { current = mapped }
        return current?.id != principal.id || current?.policy != principal.policy
    }

    func hasTenant(_ name: String) -> Bool { tenants[ExactText(name)] != nil }
}

extension AccessRules {
    init(_ grant: GatewayConfig.Grant, owner: String) {
        self.init(
            owner: owner, tools: List(grant.tools), resources: List(grant.resources), prompts: List(grant.prompts))
    }
}

extension AccessRules.List {
    /// Patterns were checked when they were read; one that is none after all allows nothing, and denies everything.
    init(_ filter: BackendConfig.OfferFilter) {
        self.init(
            allow: filter.allow.compactMap { try? AccessPattern($0) },
            deny: filter.deny.map { (try? AccessPattern($0)) ?? .everything })
    }
}
