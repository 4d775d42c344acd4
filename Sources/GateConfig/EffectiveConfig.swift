/// The configuration as it is in force, for people and programs to read: `stonegate check` and `GET /config`.
///
/// Built from a list of what may be shown, not by searching for what may not: the fields of `ConfigField.all`, none of
/// which is a secret, and the named properties of a backend. Values of `env` and `headers` are `***`, URLs have neither
/// user information nor query, and arguments are shown as the file has them, `${NAME}` not expanded.
package struct EffectiveConfig: Sendable {
    private let config: GatewayConfig

    package init(_ config: GatewayConfig) {
        self.config = config
    }

    /// One JSON object; sections as objects, `backends` as an array. Absent optional values are left out.
    package var json: String {
        var text = ""
        let backends = config.backends.map { EffectiveValue.table($0.effectiveEntries(secrets: .hidden)) }
        let sections = ConfigField.sections.map { (key: $0, value: EffectiveValue.table(entries(of: $0))) }
        let tenants = config.tenants.map { EffectiveValue.table($0.effectiveEntries) }
        let agents = config.agents.map { EffectiveValue.table($0.effectiveEntries) }
        EffectiveValue.table(
            sections + [
                (key: "backends", value: .array(backends)), (key: "tenants", value: .array(tenants)),
                (key: "agents", value: .array(agents)),
            ]
        ).writeJSON(to: &text)
        return text
    }

    /// TOML with the sections in the order of the reference.
    package var toml: String {
        var text = ""
        for section in ConfigField.sections {
            Self.write("[\(section)]", entries(of: section), to: &text)
        }
        for backend in config.backends {
            Self.write("[[backends]]", backend.effectiveEntries(secrets: .hidden), to: &text)
        }
        for tenant in config.tenants { Self.write("[[tenants]]", tenant.effectiveEntries, to: &text) }
        for agent in config.agents { Self.write("[[agents]]", agent.effectiveEntries, to: &text) }
        return text
    }

    private static func write(
        _ header: String, _ entries: [(key: String, value: EffectiveValue)], to text: inout String
    ) {
        text += (text.isEmpty ? "" : "\n") + header + "\n"
        for entry in entries {
            EffectiveValue.writeKey(entry.key, to: &text)
            text += " = "
            entry.value.writeTOML(to: &text)
            text += "\n"
        }
    }

    private func entries(of section: String) -> [(key: String, value: EffectiveValue)] {
        ConfigField.all.compactMap { field in
            guard field.section == section, let value = field.effectiveValue(in: config) else { return nil }
            return (field.name, value)
        }
    }
}

extension ConfigField {
    /// The value in the file's type and unit; nil for an optional key that is not set.
    func effectiveValue(in config: GatewayConfig) -> EffectiveValue? {
        switch kind {
        case .integer(let property, _): .integer(config[keyPath: property])
        case .optionalInteger(let property, _): config[keyPath: property].map { .integer($0) }
        case .duration(let property, let unit, _): .integer(unit.count(config[keyPath: property]))
        case .boolean(let property): .boolean(config[keyPath: property])
        case .text(let property, _): .string(config[keyPath: property])
        case .optionalText(let property, _): config[keyPath: property].map { .string($0) }
        case .texts(let property, _): .array(config[keyPath: property].map { .string($0) })
        case .choice(let choice): .string(choice.text(config))
        }
    }
}

extension BackendConfig {
    func effectiveEntries(secrets: SecretRendering) -> [(key: String, value: EffectiveValue)] {
        func pairs(_ values: [String: Secret<String>]) -> EffectiveValue {
            let names = values.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            return .table(
                names.map { name in
                    (name, .string(secrets == .exposed ? values[name]?.exposed ?? "" : redactedText))
                })
        }
        func strings(_ values: [String]) -> EffectiveValue { .array(values.map { .string($0) }) }
        var entries: [(key: String, value: EffectiveValue)] = [("name", .string(name))]
        switch connection {
        case .stdio(let launch):
            entries.append(("transport", .string("stdio")))
            entries.append(("command", .string(launch.command)))
            entries.append(("args", strings(secrets == .exposed ? launch.args : launch.shownArgs)))
            entries.append(("env", pairs(launch.env)))
            if let cwd = launch.cwd { entries.append(("cwd", .string(cwd))) }
        case .http(let endpoint):
            entries.append(("transport", .string("http")))
            entries.append(("url", .string(secrets == .exposed ? endpoint.url.exposed : endpoint.url.shown)))
            entries.append(("headers", pairs(endpoint.headers)))
            if let caFile = endpoint.caFile { entries.append(("ca_file", .string(caFile))) }
            entries.append(("allow_addresses", strings(endpoint.allowAddresses)))
            if let oauth = endpoint.oauth {
                entries.append(("oauth", .table(oauth.effectiveEntries(secrets: secrets))))
            }
        }
        if let requestTimeout {
            entries.append(("request_timeout", .integer(DurationUnit.milliseconds.count(requestTimeout))))
        }
        entries.append(("protocol", .string(protocolEra.rawValue)))
        for (key, filter) in [("tools", tools), ("resources", resources), ("prompts", prompts)] {
            entries.append((key, .table([("allow", strings(filter.allow)), ("deny", strings(filter.deny))])))
        }
        entries.append(("enabled", .boolean(enabled)))
        entries.append(("auto_restart", .boolean(autoRestart)))
        entries.append(("health_check", .boolean(healthCheck)))
        entries += treatmentEntries
        return entries
    }

    private var treatmentEntries: [(key: String, value: EffectiveValue)] {
        var breaker: [(String, EffectiveValue)] = []
        if let count = circuitBreaker.failureThreshold { breaker.append(("failure_threshold", .integer(count))) }
        if let time = circuitBreaker.resetTimeout {
            breaker.append(("reset_timeout", .integer(DurationUnit.seconds.count(time))))
        }
        if let count = circuitBreaker.successThreshold { breaker.append(("success_threshold", .integer(count))) }
        var entries: [(key: String, value: EffectiveValue)] = [
            ("isolation", .string(isolation.rawValue)), ("start", .string(start.rawValue)),
            ("instances", .integer(instances)), ("max_instances", .integer(maxInstances)),
            ("warm_spares", .integer(warmSpares)),
        ]
        if let idleTimeout { entries.append(("idle_timeout", .integer(DurationUnit.seconds.count(idleTimeout)))) }
        entries.append(("trust_annotations", .boolean(trustAnnotations)))
        entries.append(("questions", .string(questions.rawValue)))
        entries.append(("roots", .array(roots.map { .string($0) })))
        if let maxInFlight { entries.append(("max_in_flight", .integer(maxInFlight))) }
        if let maxQueue { entries.append(("max_queue", .integer(maxQueue))) }
        entries.append(("circuit_breaker", .table(breaker)))
        if integrity != IntegrityOverrides() { entries.append(("integrity", .table(integrity.effectiveEntries))) }
        if sandbox != Sandbox() { entries.append(("sandbox", .table(sandbox.effectiveEntries))) }
        return entries
    }
}

extension BackendConfig.Sandbox {
    fileprivate var effectiveEntries: [(key: String, value: EffectiveValue)] {
        var entries: [(key: String, value: EffectiveValue)] = [("profile", .string(profile.rawValue))]
        if profile == .basic {
            entries.append(("read", .array(read.map { .string($0) })))
            entries.append(("write", .array(write.map { .string($0) })))
            entries.append(("connect", .array(connect.map { .integer($0) })))
            entries.append(("required", .boolean(isRequired)))
        }
        let limits = [
            ("memory_mb", memoryMB), ("cpu_seconds", cpuSeconds), ("open_files", openFiles),
            ("processes", processes), ("file_size_mb", fileSizeMB),
        ]
        for (key, value) in limits { if let value { entries.append((key, .integer(value))) } }
        return entries
    }
}
