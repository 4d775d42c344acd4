import GateCore

/// Reads `[[tenants]]` and `[[agents]]`.
struct AccessReader {
    private static let grantKeys = ["allow", "deny", "resources", "prompts"]
    static let tenantKeys = ["name"] + grantKeys + ["values"] + quotaKeys
    static let quotaKeys = ["max_in_flight", "max_calls_per_minute", "max_pending"]
    static let quotaRange = 1...1_000_000
    static let agentKeys = ["name", "tenant"] + grantKeys + ["token", "token_sha256", "certificates"]
    private static let filterKeys = ["allow", "deny"]
    private static let minToken = 32
    private static let maxToken = 512

    /// Keys whose values are secrets written out.
    private(set) var literalSecrets: [String] = []

    mutating func tenant(_ table: TableReader, _ diagnostics: inout ConfigDiagnostics) -> GatewayConfig.Tenant? {
        table.reportUnknownKeys(known: Self.tenantKeys, &diagnostics)
        let grant = grant(table, &diagnostics)
        let values = values(table, &diagnostics)
        var quota = GatewayConfig.Quota()
        quota.inFlight = table.count("max_in_flight", Self.quotaRange, &diagnostics)
        quota.callsPerMinute = table.count("max_calls_per_minute", Self.quotaRange, &diagnostics)
        quota.pending = table.count("max_pending", Self.quotaRange, &diagnostics)
        guard let name = name("name", table, PrincipalName.maxTenant, &diagnostics) else { return nil }
        var tenant = GatewayConfig.Tenant(name: name)
        if let grant { tenant.grant = grant }
        tenant.values = values
        tenant.quota = quota
        return tenant
    }

    mutating func agent(_ table: TableReader, _ diagnostics: inout ConfigDiagnostics) -> GatewayConfig.Agent? {
        table.reportUnknownKeys(known: Self.agentKeys, &diagnostics)
        let grant = grant(table, &diagnostics)
        let token = token(table, &diagnostics)
        let digests = digests(table, &diagnostics)
        let certificates = certificates(table, &diagnostics)
        let tenant =
            table.has("tenant") ? name("tenant", table, PrincipalName.maxTenant, &diagnostics) : nil
        guard let name = name("name", table, PrincipalName.maxAgent, &diagnostics) else { return nil }
        var agent = GatewayConfig.Agent(name: name)
        agent.tenant = tenant
        agent.grant = grant
        agent.token = token
        agent.tokenDigests = digests
        agent.certificates = certificates
        return agent
    }

    private func name(
        _ key: String, _ table: TableReader, _ maxBytes: Int, _ diagnostics: inout ConfigDiagnostics
    ) -> String? {
        guard table.has(key) else {
            diagnostics.report(table.path, "has no '\(key)'")
            return nil
        }
        guard let text = table.string(key, &diagnostics)?.text else { return nil }
        guard let problem = PrincipalName.problem(text, maxBytes: maxBytes) else { return text }
        diagnostics.report(table.path.appending(key), problem)
        return nil
    }

    /// - Returns: nil when the table says nothing of what may be used.
    private func grant(_ table: TableReader, _ diagnostics: inout ConfigDiagnostics) -> GatewayConfig.Grant? {
        guard Self.grantKeys.contains(where: table.has) else { return nil }
        var grant = GatewayConfig.Grant()
        grant.tools = lists(table, &diagnostics)
        grant.resources = filter("resources", table, &diagnostics)
        grant.prompts = filter("prompts", table, &diagnostics)
        return grant
    }

    private mutating func values(
        _ table: TableReader, _ diagnostics: inout ConfigDiagnostics
    ) -> [String: Secret<String>] {
        var values: [String: Secret<String>] = [:]
        for (name, value) in table.pairs("values", &diagnostics) {
            let path = table.path.appending("values").appending(name)
            if !TenantTemplate.isName(name.utf8) || name == "name" {
                diagnostics.report(
                    path, "is no name here: use letters, digits and '_', not beginning with a digit, and not 'name'")
            } else if let problem = HeaderRule.problem(name: "X", value: value.text) {
                diagnostics.report(path, problem)
            } else {
                values[name] = Secret(value.text)
                if !value.hasVariables { literalSecrets.append(path.description) }
            }
        }
        return values
    }

    private func filter(
        _ key: String, _ table: TableReader, _ diagnostics: inout ConfigDiagnostics
    ) -> BackendConfig.OfferFilter {
        switch table.node(key) {
        case nil: return .init()
        case .table(let entries)?:
            let inner = TableReader(entries: entries, path: table.path.appending(key))
            inner.reportUnknownKeys(known: Self.filterKeys, &diagnostics)
            return lists(inner, &diagnostics)
        case let other?:
            diagnostics.report(
                table.path.appending(key), "must be a table { allow = […], deny = […] }, not \(other.kind)")
            return .init()
        }
    }

    private func lists(_ table: TableReader, _ diagnostics: inout ConfigDiagnostics) -> BackendConfig.OfferFilter {
        func patterns(_ key: String) -> [String] {
            let patterns = table.strings(key, &diagnostics).map(\.text)
            for (offset, pattern) in patterns.enumerated() {
                guard let problem = AccessRule.problem(pattern) else { continue }
                diagnostics.report(table.path.appending(key).appending(offset), problem)
            }
            return patterns
        }
        return .init(allow: patterns("allow"), deny: patterns("deny"))
    }

    private mutating func token(_ table: TableReader, _ diagnostics: inout ConfigDiagnostics) -> Secret<String>? {
        guard let value = table.string("token", &diagnostics) else { return nil }
        let path = table.path.appending("token")
        let length = value.text.utf8.count
        guard (Self.minToken...Self.maxToken).contains(length),
            value.text.utf8.allSatisfy({ (0x21..<0x7F).contains($0) })
        else {
            diagnostics.report(
                path,
                "must be \(Self.minToken) to \(Self.maxToken) visible ASCII characters that nobody can guess; `stonegate agent "
                    + "add` makes one")
            return nil
        }
        if !value.hasVariables { literalSecrets.append(path.description) }
        return Secret(value.text)
    }

    private func certificates(_ table: TableReader, _ diagnostics: inout ConfigDiagnostics) -> [String] {
        let names = table.strings("certificates", &diagnostics).map(\.text)
        for (offset, name) in names.enumerated() {
            guard let problem = CertificateName.problem(name) else { continue }
            diagnostics.report(table.path.appending("certificates").appending(offset), problem)
        }
        return names
    }

    private func digests(_ table: TableReader, _ diagnostics: inout ConfigDiagnostics) -> [String] {
        let digests = table.strings("token_sha256", &diagnostics).map(\.text)
        for (offset, digest) in digests.enumerated()
        where digest.utf8.count != 64 || !digest.utf8.allSatisfy(\.isHexDigit) {
            diagnostics.report(
                table.path.appending("token_sha256").appending(offset), "must be a SHA-256 as 64 hexadecimal digits")
        }
        return digests
    }
}
