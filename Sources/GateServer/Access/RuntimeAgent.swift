import GateConfig
package import GateProtocol

/// An agent that was added while the gateway ran, as its file keeps it: the token's digest, never the token.
package struct RuntimeAgent: Sendable, Equatable {
    var name: String
    var tenant: String?
    /// Nil for as much as its tenant.
    var grant: GatewayConfig.Grant?
    var tokenID: String
    var digest: TokenDigest
    /// Seconds since 1970.
    var created: Int
    var expiry: Int?

    var id: String { Principal.id(agent: name, tenant: tenant) }

    package var json: JSONValue {
        var object: [(key: String, value: JSONValue)] = [("name", .string(name))]
        if let tenant { object.append(("tenant", .string(tenant))) }
        if let grant { object.append(("grant", grant.json)) }
        object.append(("token_id", .string(tokenID)))
        object.append(("token_sha256", .string(digest.hex)))
        object.append(("created", .init(created)))
        if let expiry { object.append(("expiry", .init(expiry))) }
        return .object(JSONObject(object))
    }

    init(
        name: String, tenant: String?, grant: GatewayConfig.Grant?, tokenID: String, digest: TokenDigest, created: Int,
        expiry: Int?
    ) {
        self.name = name
        self.tenant = tenant
        self.grant = grant
        self.tokenID = tokenID
        self.digest = digest
        self.created = created
        self.expiry = expiry
    }

    /// - Returns: nil for what ``json`` does not write.
    package init?(_ json: JSONValue) {
        guard let name = json["name"]?.stringValue, let tokenID = json["token_id"]?.stringValue,
            let digest = json["token_sha256"]?.stringValue.flatMap({ TokenDigest(hex: $0) }),
            let created = json["created"]?.intValue
        else { return nil }
        self.init(
            name: name, tenant: json["tenant"]?.stringValue, grant: nil, tokenID: tokenID, digest: digest,
            created: created, expiry: json["expiry"]?.intValue)
        if let kept = json["grant"] {
            // What cannot be read must not become more than it was.
            guard let grant = GatewayConfig.Grant(kept) else { return nil }
            self.grant = grant
        }
    }
}

extension GatewayConfig.Grant {
    var json: JSONValue {
        func lists(_ filter: BackendConfig.OfferFilter) -> JSONValue {
            .object(
                JSONObject([
                    (key: "allow", value: .array(filter.allow.map { .string($0) })),
                    (key: "deny", value: .array(filter.deny.map { .string($0) })),
                ]))
        }
        return .object(
            JSONObject([
                (key: "tools", value: lists(tools)), (key: "resources", value: lists(resources)),
                (key: "prompts", value: lists(prompts)),
            ]))
    }

    /// - Returns: nil for what is no grant, a pattern that is none included.
    init?(_ json: JSONValue) {
        guard json.objectValue != nil else { return nil }
        func lists(_ name: String) -> BackendConfig.OfferFilter? {
            guard let table = json[name] else { return .init() }
            func patterns(_ key: String) -> [String]? {
                guard let value = table[key] else { return [] }
                guard let texts = value.arrayValue?.map(\.stringValue), !texts.contains(nil) else { return nil }
                let patterns = texts.compactMap(\.self)
                return patterns.allSatisfy { AccessRule.problem($0) == nil } ? patterns : nil
            }
            guard table.objectValue != nil, let allow = patterns("allow"), let deny = patterns("deny") else {
                return nil
            }
            return .init(allow: allow, deny: deny)
        }
        guard let tools = lists("tools"), let resources = lists("resources"), let prompts = lists("prompts") else {
            return nil
        }
        self.init()
        self.tools = tools
        self.resources = resources
        self.prompts = prompts
    }
}
