/// Makes a backend of a table, whether it comes from the file or from a request.
struct BackendReader {
    static let keys = [
        "name", "transport", "command", "args", "env", "cwd", "url", "headers", "ca_file", "allow_addresses", "oauth",
        "request_timeout",
        "protocol", "tools", "resources", "prompts",
        "enabled", "auto_restart", "health_check", "isolation", "start", "instances", "max_instances", "warm_spares",
        "idle_timeout", "trust_annotations", "questions", "roots", "max_in_flight", "max_queue", "circuit_breaker",
        "sandbox", "integrity",
    ]
    static let filterKeys = ["allow", "deny"]

    enum Transport: String, CaseIterable {
        case stdio, http
    }

    let paths: PathExpansion
    /// Directory of the file, for relative paths; nil in a request, which must give absolute ones.
    let base: String?
    /// A request may not set variables that make a program run other code than its own (see `EnvironmentRule`).
    let isRequest: Bool
    /// Keys of the values that hold a secret in the clear.
    private(set) var literalSecrets: [String] = []

    init(paths: PathExpansion, base: String?, isRequest: Bool) {
        self.paths = paths
        self.base = base
        self.isRequest = isRequest
    }

    /// - Returns: nil when a problem was reported that leaves no backend to speak of.
    mutating func read(_ table: TableReader, _ diagnostics: inout ConfigDiagnostics) -> BackendConfig? {
        table.reportUnknownKeys(known: Self.keys, &diagnostics)
        let name = name(table, &diagnostics)
        let connection: BackendConfig.Connection? =
            switch transport(table, &diagnostics) {
            case .stdio?: launch(table, &diagnostics).map { .stdio($0) }
            case .http?: endpoint(table, &diagnostics).map { .http($0) }
            case nil: nil
            }
        let timeout = table.duration("request_timeout", ConfigField.requestTimeoutRange, .milliseconds, &diagnostics)
        let era: BackendConfig.ProtocolEra = choice("protocol", .auto, table, &diagnostics)
        let tools = filter("tools", table, &diagnostics)
        let resources = filter("resources", table, &diagnostics)
        let prompts = filter("prompts", table, &diagnostics)
        let enabled = table.boolean("enabled", default: true, &diagnostics)
        let autoRestart = table.boolean("auto_restart", default: true, &diagnostics)
        let healthCheck = table.boolean("health_check", default: true, &diagnostics)
        let containment = sandbox(table, &diagnostics)
        let integrity = integrity(table, &diagnostics)
        let treatment = treatment(table, &diagnostics)
        guard let name, let connection else { return nil }
        var backend = BackendConfig(name: name, connection: connection)
        backend.requestTimeout = timeout
        backend.protocolEra = era
        backend.tools = tools
        backend.resources = resources
        backend.prompts = prompts
        backend.enabled = enabled
        backend.autoRestart = autoRestart
        backend.healthCheck = healthCheck
        backend.sandbox = containment
        backend.integrity = integrity
        treatment(&backend)
        return backend
    }

    // MARK: Values

    private func name(_ table: TableReader, _ diagnostics: inout ConfigDiagnostics) -> String? {
        guard table.has("name") else {
            diagnostics.report(table.path, "has no 'name'; every backend needs one")
            return nil
        }
        guard let name = table.string("name", &diagnostics)?.text else { return nil }
        guard let problem = BackendName.problem(name) else { return name }
        diagnostics.report(table.path.appending("name"), problem)
        return nil
    }

    func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ key: String, _ absent: Choice, _ table: TableReader, _ diagnostics: inout ConfigDiagnostics
    ) -> Choice {
        guard let text = table.string(key, &diagnostics)?.text else { return absent }
        do throws(ConfigMessage) {
            return try GateConfig.choice(text)
        } catch {
            diagnostics.report(table.path.appending(key), error.text)
            return absent
        }
    }

    /// The configured transport, else what the other keys imply; refuses the keys of the other transport.
    private func transport(_ table: TableReader, _ diagnostics: inout ConfigDiagnostics) -> Transport? {
        let count = diagnostics.problems.count
        let implied = table.has("url") && !table.has("command") ? Transport.http : .stdio
        let transport = choice("transport", implied, table, &diagnostics)
        guard diagnostics.problems.count == count, !diagnostics.isFull else { return nil }
        if table.has("command"), table.has("url") {
            diagnostics.report(
                table.path.appending("url"), "a backend has either 'command' (stdio) or 'url' (http), not both")
            return nil
        }
        let (needed, foreign) =
            switch transport {
            case .stdio: ("command", ["url", "headers", "ca_file", "allow_addresses", "oauth"])
            case .http: ("url", ["command", "args", "env", "cwd", "sandbox"])
            }
        if !table.has(needed) {
            diagnostics.report(table.path, "has no '\(needed)', which transport \"\(transport.rawValue)\" needs")
        }
        for key in foreign where !isEmpty(table.node(key)) {
            diagnostics.report(
                table.path.appending(key), "has no meaning with transport \"\(transport.rawValue)\"; remove it")
        }
        return transport
    }

    /// Clients fill the fields of a form that they do not use with empty values.
    private func isEmpty(_ node: ConfigNode?) -> Bool {
        switch node {
        case nil: true
        case .array(let elements)?: elements.isEmpty
        case .table(let entries)?: entries.isEmpty
        default: false
        }
    }

    private mutating func launch(_ table: TableReader, _ diagnostics: inout ConfigDiagnostics) -> BackendConfig.Launch?
    {
        let args = table.strings("args", &diagnostics)
        for (offset, arg) in args.enumerated() where arg.text.utf8.contains(0) {
            diagnostics.report(table.path.appending("args").appending(offset), "must not hold the character U+0000")
        }
        var env: [String: Secret<String>] = [:]
        for (name, value) in table.pairs("env", &diagnostics) {
            let path = table.path.appending("env").appending(name)
            if let problem = EnvironmentRule.problem(name: name, value: value.text, isRequest: isRequest) {
                diagnostics.report(path, problem)
            } else {
                env[name] = Secret(value.text)
                if SecretLook.isSecret(name: name, value: value.text) { noteSecret(value, path) }
            }
        }
        let command = path("command", table, &diagnostics) { text throws(ConfigMessage) in
            try paths.command(text, base: base)
        }
        let cwd = path("cwd", table, &diagnostics) { text throws(ConfigMessage) in
            try paths.absolute(text, base: base)
        }
        guard let command else { return nil }
        return BackendConfig.Launch(
            command: command, args: args.map(\.text), env: env, cwd: cwd, shownArgs: args.map(\.raw))
    }

    func path(
        _ key: String, _ table: TableReader, _ diagnostics: inout ConfigDiagnostics,
        _ expand: (String) throws(ConfigMessage) -> String
    ) -> String? {
        guard let text = table.string(key, &diagnostics)?.text else { return nil }
        do throws(ConfigMessage) {
            return try expand(text)
        } catch {
            diagnostics.report(table.path.appending(key), error.text)
            return nil
        }
    }

    private mutating func endpoint(
        _ table: TableReader, _ diagnostics: inout ConfigDiagnostics
    ) -> BackendConfig.Endpoint? {
        var headers: [String: Secret<String>] = [:]
        var seen: [String: String] = [:]
        for (name, value) in table.pairs("headers", &diagnostics) {
            let path = table.path.appending("headers").appending(name)
            if let problem = HeaderRule.problem(name: name, value: value.text) {
                diagnostics.report(path, problem)
            } else if let other = seen.updateValue(name, forKey: TextRule.lowercased(name)) {
                diagnostics.report(path, "is the same header as \(quoted(other)); header names have no case")
            } else {
                headers[name] = Secret(value.text)
                noteSecret(value, path)
            }
        }
        let caFile = path("ca_file", table, &diagnostics) { text throws(ConfigMessage) in
            try paths.absolute(text, base: base)
        }
        let allowed = allowedAddresses(table, &diagnostics)
        guard let text = table.string("url", &diagnostics) else { return nil }
        let path = table.path.appending("url")
        do throws(BackendURL.Problem) {
            let url = try BackendURL(text.text)
            guard !text.secrets.contains(where: { url.shown.utf8.firstRange(of: $0.exposed.utf8) != nil }) else {
                diagnostics.report(
                    path, "would show what the file holds: of an address only the query is kept secret; use a header")
                return nil
            }
            if url.hasCredentials { noteSecret(text, path) }
            var endpoint = BackendConfig.Endpoint(url: url, headers: headers, caFile: caFile)
            endpoint.allowAddresses = allowed
            endpoint.oauth = oauth(table, for: url, headers: headers.keys, &diagnostics)
            return endpoint
        } catch {
            diagnostics.report(path, error.message)
            return nil
        }
    }

    private func allowedAddresses(_ table: TableReader, _ diagnostics: inout ConfigDiagnostics) -> [String] {
        let path = table.path.appending("allow_addresses")
        let texts = table.strings("allow_addresses", &diagnostics).map(\.text)
        if isRequest, !texts.isEmpty {
            diagnostics.report(
                path,
                "may not be set by a request; what servers added at run time may connect to is server.added_addresses of the "
                    + "configuration file")
        }
        for (offset, text) in texts.enumerated() {
            do throws(ConfigMessage) { _ = try TextRule.addressRange(text) } catch {
                diagnostics.report(path.appending(offset), error.text)
            }
        }
        return texts
    }

    private func filter(
        _ key: String, _ table: TableReader, _ diagnostics: inout ConfigDiagnostics
    ) -> BackendConfig.OfferFilter {
        switch table.node(key) {
        case nil: return .init()
        case .table(let entries)?:
            let lists = TableReader(entries: entries, path: table.path.appending(key))
            lists.reportUnknownKeys(known: Self.filterKeys, &diagnostics)
            return .init(
                allow: patterns("allow", lists, &diagnostics), deny: patterns("deny", lists, &diagnostics))
        case let other?:
            diagnostics.report(
                table.path.appending(key), "must be a table { allow = […], deny = […] }, not \(other.kind)")
            return .init()
        }
    }

    private func patterns(_ key: String, _ table: TableReader, _ diagnostics: inout ConfigDiagnostics) -> [String] {
        let patterns = table.strings(key, &diagnostics).map(\.text)
        for (offset, pattern) in patterns.enumerated() {
            let path = table.path.appending(key).appending(offset)
            if pattern.isEmpty {
                diagnostics.report(path, "must not be empty; \"*\" stands for everything")
            } else if pattern.utf8.count > 256 || pattern.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
                diagnostics.report(path, "must have at most 256 bytes and no control characters")
            }
        }
        return patterns
    }

    mutating func noteSecret(_ value: ConfigString, _ path: ConfigPath) {
        if !value.hasVariables, !value.text.isEmpty { literalSecrets.append(path.description) }
    }
}
