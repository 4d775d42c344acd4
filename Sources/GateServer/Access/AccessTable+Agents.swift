package import GateConfig
package import GateCore
package import GateProtocol
import Synchronization

/// Agents that come and go while the gateway runs.
extension AccessTable {
    /// What is asked for a new agent.
    package struct NewAgent: Sendable {
        package var name: String
        package var tenant: String?
        /// Nil for as much as its tenant.
        package var grant: GatewayConfig.Grant?
        /// Seconds since 1970.
        package var expiry: Int?

        package init(name: String, tenant: String? = nil, grant: GatewayConfig.Grant? = nil, expiry: Int? = nil) {
            self.name = name
            self.tenant = tenant
            self.grant = grant
            self.expiry = expiry
        }
    }

    /// An agent as operators see it.
    package struct Listed: Sendable {
        package let id: String
        package let name: String
        package let tenant: String?
        /// Whether it is the configuration's, or was added at run time.
        package let isConfigured: Bool
        package let tokenID: String?
        package let created: Int?
        package let expiry: Int?
        package let policy: AccessPolicy?
    }

    /// Adds an agent and keeps it.
    ///
    /// - Returns: its token, which is shown this once and kept nowhere.
    /// - Throws: `INVALID_PARAMS`, `AGENT_EXISTS`, `STORAGE_FAILED`.
    package func add(_ new: NewAgent, now: Int) throws(GateError) -> (token: String, tokenID: String) {
        if let problem = PrincipalName.problem(new.name, maxBytes: PrincipalName.maxAgent) {
            throw invalid("The agent's name \(problem).")
        }
        if let expiry = new.expiry, expiry <= now { throw invalid("The token would have ended before it began.") }
        guard new.tenant != nil || new.grant != nil else {
            throw invalid(
                "Say what the agent may use: a tenant, or patterns to allow (`--allow 'SERVER/*'`; `--allow '*'` for everything)."
            )
        }
        let (token, tokenID) = AgentToken.make()
        let agent = RuntimeAgent(
            name: new.name, tenant: new.tenant, grant: new.grant, tokenID: tokenID,
            digest: TokenDigest(of: token.utf8), created: now, expiry: new.expiry)
        let (agents, principals) = state.withLock { ($0.runtime, $0.principals) }
        if let tenant = new.tenant, !principals.hasTenant(tenant) {
            throw invalid("There is no tenant '\(tenant)'. Add it to the configuration as [[tenants]], then reload.")
        }
        guard !agents.contains(where: { $0.id == agent.id }), principals.byID[ExactText(agent.id)] == nil else {
            throw GateError(
                .agentExists,
                "There is an agent '\(agent.id)' already. For a new token: stonegate agent token \(agent.id).",
                source: .caller)
        }
        guard agents.count < AccessTable.mostAgents else {
            throw GateError(
                .overloaded, "There are \(agents.count) agents already, as many as can be.", source: .caller)
        }
        try replace(agents + [agent], was: agents)
        onAct("agent_add", agent.id)
        return (token, tokenID)
    }

    /// Gives an agent a new token; the old one ends at once.
    package func renew(_ id: String, expiry: Int?, now: Int) throws(GateError) -> (token: String, tokenID: String) {
        if let expiry, expiry <= now { throw invalid("The token would have ended before it began.") }
        let agents = state.withLock { $0.runtime }
        guard let index = agents.firstIndex(where: { $0.id == id }) else { throw unknown(id) }
        let (token, tokenID) = AgentToken.make()
        var changed = agents
        changed[index].tokenID = tokenID
        changed[index].digest = TokenDigest(of: token.utf8)
        changed[index].created = now
        changed[index].expiry = expiry
        try replace(changed, was: agents)
        onAct("agent_token", id)
        return (token, tokenID)
    }

    /// Ends an agent: its token, and what it has under way.
    package func remove(_ id: String) throws(GateError) {
        let agents = state.withLock { $0.runtime }
        guard agents.contains(where: { $0.id == id }) else { throw unknown(id) }
        try replace(agents.filter { $0.id != id }, was: agents)
        onAct("agent_remove", id)
    }

    /// All agents: those of the configuration first.
    package func list() -> [Listed] {
        let (config, agents, principals) = state.withLock { ($0.config, $0.runtime, $0.principals) }
        func policy(_ id: String) -> AccessPolicy? { principals.byID[ExactText(id)]?.policy }
        return config.agents.map { agent in
            let id = Principal.id(agent: agent.name, tenant: agent.tenant)
            return Listed(
                id: id, name: agent.name, tenant: agent.tenant, isConfigured: true, tokenID: nil, created: nil,
                expiry: nil, policy: policy(id))
        }
            + agents.map { agent in
                Listed(
                    id: agent.id, name: agent.name, tenant: agent.tenant, isConfigured: false, tokenID: agent.tokenID,
                    created: agent.created, expiry: agent.expiry, policy: policy(agent.id))
            }
    }

    /// Which rule lets an agent use something, or keeps it from it.
    package func decide(
        _ id: String, _ kind: AccessKind, server: String, item: String
    ) throws(GateError) -> AccessPolicy.Decision {
        guard let policy = state.withLock({ $0.principals.policy(id: id) }) else { throw unknown(id) }
        return policy.decide(kind, server: server, item: item)
    }

    /// On the disk before it is in force: a revocation that is answered is not forgotten.
    private func replace(_ agents: [RuntimeAgent], was: [RuntimeAgent]) throws(GateError) {
        try writes.withLock { _ throws(GateError) in
            guard state.withLock({ $0.runtime == was }) else {
                throw GateError(
                    .overloaded, "Somebody else is changing the agents. Try again.", source: .caller, retryAfter: 1)
            }
            try save(agents)
            change { $0.runtime = agents }
        }
    }

    private func invalid(_ words: String) -> GateError { GateError(.invalidParams, words, source: .caller) }

    private func unknown(_ id: String) -> GateError {
        let isConfigured = state.withLock { state in
            state.config.agents.contains { Principal.id(agent: $0.name, tenant: $0.tenant) == id }
        }
        return GateError(
            .agentNotFound,
            isConfigured
                ? "Agent '\(id)' is the configuration's: change it there, and reload."
                : "There is no agent '\(id)'. `stonegate agent list` shows which there are.", source: .caller)
    }
}
