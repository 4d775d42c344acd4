import GateCore

/// One run of the loader: the configuration so far, and the problems so far.
struct ConfigLoad {
    private(set) var config = GatewayConfig()
    private var problems: [ConfigProblem] = []
    private var literalSecrets: [String] = []
    private var backendOrigins: [ConfigProblem.Origin] = []
    /// Where each key of a section was last set.
    private var origins: [String: ConfigProblem.Origin] = [:]
    private let environment: [String: String]
    private let workingDirectory: String
    private let paths: PathExpansion
    private let files: SecretFiles

    init(environment: [String: String], workingDirectory: String, files: SecretFiles) {
        self.environment = environment
        self.files = files
        self.workingDirectory = workingDirectory
        paths = PathExpansion(home: environment["HOME"])
    }

    private static let fields: [String: ConfigField] = Dictionary(
        ConfigField.all.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })

    // MARK: File

    mutating func read(_ file: ConfigFile) {
        let reader: TOMLReader
        do throws(TOMLReader.Failure) {
            reader = try TOMLReader(file.bytes)
        } catch {
            let origin = ConfigProblem.Origin.file(
                path: file.path, line: error.position?.line, column: error.position?.column)
            problems.append(ConfigProblem(origin: origin, key: "", message: error.message))
            return
        }
        var diagnostics = ConfigDiagnostics { path in
            let position = reader.outline.position(of: path)
            return .file(path: file.path, line: position?.line, column: position?.column)
        }
        let directory = PathExpansion.directory(of: file.path)
        let base = directory.utf8.first == UInt8(ascii: "/") ? directory : workingDirectory + "/" + directory
        let expansion = VariableExpansion(environment: environment) { [paths, files] path throws(ConfigMessage) in
            try files.secret(try paths.absolute(path, base: base))
        }
        let root = expanded(reader.root, ConfigPath(), expansion, &diagnostics)
        guard case .table(let entries) = root else { return }
        let top = TableReader(entries: entries, path: ConfigPath())
        top.reportUnknownKeys(
            known: ConfigField.sections + ["backends", "tenants", "agents"], homes: Self.homes, &diagnostics)
        for section in ConfigField.sections {
            readSection(section, top, base: base, &diagnostics)
        }
        readBackends(top, base: base, &diagnostics)
        readPrincipals(top, &diagnostics)
        problems += diagnostics.inFileOrder
    }

    /// The section of each key, for keys that were written into the wrong table.
    private static let homes: [String: String] = Dictionary(
        ConfigField.all.map { ($0.name, $0.section) }, uniquingKeysWith: { first, _ in first })

    private func expanded(
        _ node: ConfigNode, _ path: ConfigPath, _ expansion: VariableExpansion,
        _ diagnostics: inout ConfigDiagnostics
    ) -> ConfigNode {
        switch node {
        case .string(let string):
            do throws(ConfigMessage) {
                let text = try expansion.expand(string.raw, mayNameFile: path.isSecret)
                if !TenantTemplate.names(in: text.text).isEmpty, !path.isTenantValue {
                    throw ConfigMessage("${tenant.…} stands in values of 'env' and 'headers' of backends only")
                }
                return .string(text)
            } catch {
                diagnostics.report(path, error.text)
                return .unusable
            }
        case .array(let elements):
            return .array(
                elements.enumerated().map { expanded($0.element, path.appending($0.offset), expansion, &diagnostics) })
        case .table(let entries):
            return .table(
                entries.map {
                    .init(key: $0.key, value: expanded($0.value, path.appending($0.key), expansion, &diagnostics))
                })
        default:
            return node
        }
    }

    private mutating func readSection(
        _ section: String, _ top: TableReader, base: String, _ diagnostics: inout ConfigDiagnostics
    ) {
        guard let node = top.node(section) else { return }
        let path = ConfigPath().appending(section)
        guard case .table(let entries) = node else {
            return diagnostics.report(path, "must be a table, written as [\(section)], not \(node.kind)")
        }
        let table = TableReader(entries: entries, path: path)
        let known = ConfigField.all.filter { $0.section == section }.map(\.name)
        table.reportUnknownKeys(known: known, homes: Self.homes, &diagnostics)
        let context = ConfigField.Context(paths: paths, base: base)
        for entry in entries {
            guard let field = Self.fields[section + "." + entry.key] else { continue }
            let path = path.appending(entry.key)
            origins[field.key] = diagnostics.locate(path)
            if entry.value == .unusable { continue }
            do throws(ConfigMessage) {
                try field.set(entry.value, in: &config, context)
            } catch {
                diagnostics.report(path, error.text)
            }
        }
    }

    private mutating func readBackends(_ top: TableReader, base: String, _ diagnostics: inout ConfigDiagnostics) {
        var reader = BackendReader(paths: paths, base: base, isRequest: false)
        var seen: [String: (name: String, path: ConfigPath)] = [:]
        for (path, table) in tables("backends", top, &diagnostics) {
            let backend = reader.read(table, &diagnostics)
            if case .string(let name)? = table.node("name"), BackendName.problem(name.text) == nil {
                let folded = BackendName.folded(name.text)
                if let first = seen[folded] {
                    diagnostics.report(path.appending("name"), Self.duplicate(name.text, first.name, first.path))
                } else {
                    seen[folded] = (name.text, path)
                }
            }
            if let backend {
                origins["\(path).request_timeout"] = diagnostics.locate(path.appending("request_timeout"))
                backendOrigins.append(diagnostics.locate(path.appending("name")))
                config.backends.append(backend)
            }
        }
        literalSecrets += reader.literalSecrets
    }

    private mutating func readPrincipals(_ top: TableReader, _ diagnostics: inout ConfigDiagnostics) {
        var reader = AccessReader()
        for (path, table) in tables("tenants", top, &diagnostics) {
            guard let tenant = reader.tenant(table, &diagnostics) else { continue }
            if config.tenants.contains(where: { $0.name == tenant.name }) {
                diagnostics.report(path.appending("name"), "\(quoted(tenant.name)) is the name of another tenant")
            }
            config.tenants.append(tenant)
        }
        for (path, table) in tables("agents", top, &diagnostics) {
            guard let agent = reader.agent(table, &diagnostics) else { continue }
            if config.agents.contains(where: { $0.name == agent.name && $0.tenant == agent.tenant }) {
                diagnostics.report(path.appending("name"), "\(quoted(agent.name)) is the name of another agent")
            }
            if let tenant = agent.tenant, !config.tenants.contains(where: { $0.name == tenant }) {
                diagnostics.report(
                    path.appending("tenant"), "there is no tenant \(quoted(tenant)); add [[tenants]] with that name")
            }
            if !agent.certificates.isEmpty {
                origins["agents.certificates"] = diagnostics.locate(path.appending("certificates"))
            }
            config.agents.append(agent)
        }
        literalSecrets += reader.literalSecrets
    }

    /// The tables of an array of tables.
    private func tables(
        _ key: String, _ top: TableReader, _ diagnostics: inout ConfigDiagnostics
    ) -> [(ConfigPath, TableReader)] {
        let path = ConfigPath().appending(key)
        let nodes: [ConfigNode]
        switch top.node(key) {
        case nil: return []
        case .array(let elements)?: nodes = elements
        case let other?:
            diagnostics.report(path, "must be an array of tables, written as [[\(key)]], not \(other.kind)")
            return []
        }
        var tables: [(ConfigPath, TableReader)] = []
        for (index, node) in nodes.enumerated() where !diagnostics.isFull {
            let path = path.appending(index)
            guard case .table(let entries) = node else {
                diagnostics.report(path, "must be a table, written as [[\(key)]], not \(node.kind)")
                continue
            }
            tables.append((path, TableReader(entries: entries, path: path)))
        }
        return tables
    }

    private static func duplicate(_ name: String, _ other: String, _ path: ConfigPath) -> String {
        name.utf8.elementsEqual(other.utf8)
            ? "\(quoted(name)) is also the name of \(path); names must differ"
            : "\(quoted(name)) is the same as \(quoted(other)), the name of \(path), to clients that fold case and "
                + "separators; names must differ in more than that"
    }

    // MARK: Environment and flags

    mutating func readEnvironment() {
        let context = ConfigField.Context(paths: paths, base: workingDirectory)
        for field in ConfigField.all {
            guard let text = environment[field.variable] else { continue }
            set(field, text, .environment(variable: field.variable), context)
        }
        let variables = ConfigField.all.map(\.variable)
        let prefixes = ConfigField.sections.map { "STONEGATE_" + $0.utf8.map(\.uppercased).text + "_" }
        for name in environment.keys.sorted() where prefixes.contains(where: { name.utf8.starts(with: $0.utf8) }) {
            // A variable that resembles none is somebody else's: container platforms make such names of their own.
            guard !variables.contains(name), let near = NearestKey.suggestion(for: name, among: variables, within: 2)
            else { continue }
            problems.append(
                ConfigProblem(
                    origin: .environment(variable: name), key: "", message: "unknown variable; did you mean '\(near)'?")
            )
        }
    }

    mutating func read(_ overrides: [ConfigLoader.Override]) {
        let context = ConfigField.Context(paths: paths, base: workingDirectory)
        for override in overrides {
            guard let field = Self.fields[override.key] else {
                problems.append(
                    ConfigProblem(origin: .flag(override.flag), key: override.key, message: "unknown key"))
                continue
            }
            set(field, override.value, .flag(override.flag), context)
        }
    }

    private mutating func set(
        _ field: ConfigField, _ text: String, _ origin: ConfigProblem.Origin, _ context: ConfigField.Context
    ) {
        origins[field.key] = origin
        do throws(ConfigMessage) {
            try field.set(text: text, in: &config, context)
        } catch {
            problems.append(ConfigProblem(origin: origin, key: field.key, message: error.text))
        }
    }

    // MARK: The whole

    mutating func finish(path: String?) throws(ConfigProblems) -> LoadedConfig {
        expandDefaultDataDir()
        checkTogether()
        guard problems.isEmpty else {
            throw ConfigProblems(Array(problems.prefix(ConfigProblems.limit)))
        }
        return LoadedConfig(
            config: config, path: path, literalSecrets: literalSecrets, backendOrigins: backendOrigins)
    }

    /// What could be read, with problems or without.
    var readable: GatewayConfig {
        mutating get {
            expandDefaultDataDir()
            return config
        }
    }

    private mutating func expandDefaultDataDir() {
        guard origins["server.data_dir"] == nil else { return }
        do throws(ConfigMessage) {
            config.server.dataDir = try paths.absolute(config.server.dataDir, base: nil)
        } catch {
            problems.append(
                ConfigProblem(
                    origin: .environment(variable: "HOME"), key: "server.data_dir",
                    message:
                        "the default \"~/.stonegate\" needs HOME to be an absolute path; set HOME or server.data_dir"))
        }
    }

    /// Values that are right alone and wrong together.
    private mutating func checkTogether() {
        let limits = config.limits
        if limits.restartDelayMin > limits.restartDelayMax {
            complain(
                "limits.restart_delay_min", or: "limits.restart_delay_max", "must not exceed limits.restart_delay_max")
        }
        for (index, backend) in config.backends.enumerated() where backendOrigins.indices.contains(index) {
            for (key, names) in backend.tenantReferences where !names.isEmpty {
                for problem in tenantProblems(backend, names) {
                    problems.append(
                        ConfigProblem(
                            origin: backendOrigins[index], key: "backends[\(index)].\(key)", message: problem))
                }
            }
        }
        checkListener()
        for (key, message) in OAuthRule.problems(config) { complain(key, or: "oauth.issuer", message) }
        if config.server.unsafeOpenAdmin, config.requiresCredentials {
            complain(
                "server.unsafe_open_admin", or: "access.required",
                "cannot be on where agents need credentials: everybody would be an operator")
        }
    }

    private func tenantProblems(_ backend: BackendConfig, _ names: [String]) -> [String] {
        guard backend.isolation == .perTenant else {
            return ["names the caller's tenant, which needs isolation = \"per_tenant\""]
        }
        return names.flatMap { name in
            config.tenants.filter { name != "name" && $0.values[name] == nil }.map {
                "needs a value \(quoted(name)), which tenant \(quoted($0.name)) does not have; add it to its 'values'"
            }
        }
    }

    mutating func complain(_ key: String, or other: String, _ message: String) {
        guard let origin = origins[key] ?? origins[other] else { return }
        problems.append(ConfigProblem(origin: origin, key: key, message: message))
    }
}

extension [UInt8] {
    var text: String { String(decoding: self, as: UTF8.self) }
}
