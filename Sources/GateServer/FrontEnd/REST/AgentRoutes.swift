import GateConfig
import GateCore
import GateProtocol
import NIOHTTP1

/// Agents and their tokens, for the operator.
struct AgentRoutes: Sendable {
    let services: any GatewayServices

    func list(_ request: RESTRequest) async throws(GateError) -> RESTReply {
        let agents = services.access.list().map { agent -> JSONValue in
            var object = JSONObject([("id", .string(agent.id)), ("name", .string(agent.name))])
            if let tenant = agent.tenant { object["tenant"] = .string(tenant) }
            object["source"] = agent.isConfigured ? "configuration" : "runtime"
            if let tokenID = agent.tokenID { object["token_id"] = .string(tokenID) }
            if let created = agent.created { object["created"] = .string(WallClock.text(created * 1_000)) }
            if let expiry = agent.expiry { object["expires"] = .string(WallClock.text(expiry * 1_000)) }
            object["rules"] = .array(agent.policy?.rules.map(AgentRoutes.rules) ?? [])
            return .object(object)
        }
        return RESTReply([
            "agents": .array(agents), "total": .init(agents.count), "required": .init(services.access.isRequired),
        ])
    }

    /// `{"name", "tenant"?, "allow"?, "deny"?, "resources"?, "prompts"?, "expires_in_seconds"?}`.
    func add(_ request: RESTRequest) async throws(GateError) -> RESTReply {
        let body = try request.json()
        try AgentRoutes.refuseUnknown(
            body, ["name", "tenant", "allow", "deny", "resources", "prompts", "expires_in_seconds"])
        guard let name = body["name"]?.stringValue else {
            throw AgentRoutes.invalid("The body needs {\"name\": \"…\"}, the agent's name.")
        }
        let now = WallClock.milliseconds() / 1_000
        let new = AccessTable.NewAgent(
            name: name, tenant: try AgentRoutes.text("tenant", body), grant: try AgentRoutes.grant(body),
            expiry: try AgentRoutes.expiry(body, now))
        let wasRequired = services.access.isRequired
        let (token, tokenID) = try services.access.add(new, now: now)
        return RESTReply(
            [
                "id": .string(Principal.id(agent: new.name, tenant: new.tenant)), "token": .string(token),
                "token_id": .string(tokenID), "closed_the_gateway": .init(!wasRequired),
            ], status: .created)
    }

    func renew(_ request: RESTRequest) async throws(GateError) -> RESTReply {
        let body = try request.json()
        try AgentRoutes.refuseUnknown(body, ["id", "expires_in_seconds"])
        let id = try AgentRoutes.id(body)
        let now = WallClock.milliseconds() / 1_000
        let (token, tokenID) = try services.access.renew(id, expiry: try AgentRoutes.expiry(body, now), now: now)
        return RESTReply(["id": .string(id), "token": .string(token), "token_id": .string(tokenID)])
    }

    func remove(_ request: RESTRequest) async throws(GateError) -> RESTReply {
        let body = try request.json()
        try AgentRoutes.refuseUnknown(body, ["id"])
        let id = try AgentRoutes.id(body)
        try services.access.remove(id)
        return RESTReply(["ok": true, "id": .string(id), "required": .init(services.access.isRequired)])
    }

    /// Which rule decides: `?agent=…&item=server/name&kind=tool`.
    func explain(_ request: RESTRequest) async throws(GateError) -> RESTReply {
        guard let id = request.query["agent"], let item = request.query["item"],
            let slash = item.utf8.firstIndex(of: UInt8(ascii: "/"))
        else { throw AgentRoutes.invalid("Say agent=… and item=SERVER/NAME.") }
        let kind = AccessKind(rawValue: request.query["kind"] ?? "tool")
        guard let kind else { throw AgentRoutes.invalid("kind is tool, resource or prompt.") }
        let server = String(item[..<slash])
        let name = String(item[item.utf8.index(after: slash)...])
        let decision = try services.access.decide(id, kind, server: server, item: name)
        var object = JSONObject([
            ("agent", .string(id)), ("kind", .string(kind.rawValue)), ("server", .string(server)),
            ("name", .string(name)), ("allowed", .init(decision.isAllowed)),
        ])
        let words: String
        switch decision {
        case .allowed(let by):
            words = by.map { "\($0.owner) allows '\($0.pattern)'" }.joined(separator: ", and ")
        case .denied(let by): words = "\(by.owner) denies '\(by.pattern)'"
        case .unmentioned(let owner):
            words = "\(owner) has no pattern that allows it, and what is not allowed is hidden"
        }
        object["why"] = .string(words)
        object["exists"] = .init(exists(kind, server, name))
        return RESTReply(.object(object))
    }

    /// Whether there is such a thing at the moment, for any caller.
    private func exists(_ kind: AccessKind, _ server: String, _ name: String) -> Bool {
        switch kind {
        case .tool: (try? services.resolve(server: server, tool: name, .all)) != nil
        case .prompt: (try? services.resolve(prompt: name, .server(server))) != nil
        case .resource: (try? services.resolve(resource: name, .server(server))) != nil
        }
    }

    // MARK: Bodies

    private static func rules(_ rules: AccessRules) -> JSONValue {
        func list(_ list: AccessRules.List) -> JSONValue {
            .object(
                JSONObject([
                    ("allow", .array(list.allow.map { .string("\($0)") })),
                    ("deny", .array(list.deny.map { .string("\($0)") })),
                ]))
        }
        return .object(
            JSONObject([
                ("of", .string(rules.owner)), ("tools", list(rules.tools)), ("resources", list(rules.resources)),
                ("prompts", list(rules.prompts)),
            ]))
    }

    private static func grant(_ body: JSONValue) throws(GateError) -> GatewayConfig.Grant? {
        guard ["allow", "deny", "resources", "prompts"].contains(where: { body[$0] != nil }) else { return nil }
        var grant = GatewayConfig.Grant()
        grant.tools = .init(allow: try patterns("allow", body), deny: try patterns("deny", body))
        for (name, path) in [("resources", \GatewayConfig.Grant.resources), ("prompts", \.prompts)] {
            guard let table = body[name] else { continue }
            guard table.objectValue != nil else {
                throw invalid("`\(name)` is an object with `allow` and `deny`.")
            }
            try refuseUnknown(table, ["allow", "deny"])
            grant[keyPath: path] = .init(allow: try patterns("allow", table), deny: try patterns("deny", table))
        }
        return grant
    }

    private static func patterns(_ name: String, _ table: JSONValue) throws(GateError) -> [String] {
        guard let value = table[name] else { return [] }
        guard let elements = value.arrayValue else { throw invalid("`\(name)` is an array of patterns.") }
        var patterns: [String] = []
        for element in elements {
            guard let text = element.stringValue else { throw invalid("`\(name)` is an array of patterns.") }
            if let problem = AccessRule.problem(text) {
                throw invalid("The pattern \"\(text.prefix(100))\" \(problem).")
            }
            patterns.append(text)
        }
        return patterns
    }

    private static func expiry(_ body: JSONValue, _ now: Int) throws(GateError) -> Int? {
        guard let value = body["expires_in_seconds"] else { return nil }
        guard let seconds = value.intValue, (1...3_155_760_000).contains(seconds) else {
            throw invalid("`expires_in_seconds` is a number of seconds from 1 to 100 years.")
        }
        return now + seconds
    }

    private static func text(_ name: String, _ body: JSONValue) throws(GateError) -> String? {
        guard let value = body[name] else { return nil }
        guard let text = value.stringValue else { throw invalid("`\(name)` is a text.") }
        return text
    }

    private static func id(_ body: JSONValue) throws(GateError) -> String {
        guard let id = body["id"]?.stringValue else {
            throw invalid("The body needs {\"id\": \"…\"}, the agent as `stonegate agent list` shows it.")
        }
        return id
    }

    /// A misspelt rule must not pass for one that is not there.
    private static func refuseUnknown(_ body: JSONValue, _ known: [String]) throws(GateError) {
        for member in body.objectValue?.members ?? [] where !known.contains(member.key) {
            throw invalid("Unknown member \"\(member.key.prefix(64))\"; known are \(known.joined(separator: ", ")).")
        }
    }

    private static func invalid(_ words: String) -> GateError { GateError(.invalidParams, words, source: .caller) }
}
