import GateBackend
import GateConfig
import GateCore
import GateProtocol
import NIOCore
import Synchronization

/// What the gateway keeps between runs beside the configuration: names it gave, eras it found out, lists it last saw, servers that
/// were added while it ran. A file that cannot be read counts as absent: all of it can be found out again, but for added servers.
final class SavedState: EraMemory {
    private static let namesFile = "names.json"
    private static let promptNamesFile = "prompts.json"
    private static let erasFile = "eras.json"
    private static let catalogFile = "catalog.json"
    private static let serversFile = "servers.json"

    private let directory: StateDirectory
    private let eras: Mutex<[String: ProtocolEra]>
    private let catalog: Mutex<[String: JSONValue]>
    private let servers: Mutex<[BackendConfig]>
    /// Entries of the servers' file that this version does not accept, with the reason.
    let refusedServers: [String]

    init(_ directory: StateDirectory) {
        self.directory = directory
        let eras = directory.json(SavedState.erasFile)?.objectValue?.members ?? []
        self.eras = Mutex(
            Dictionary(eras.map { ($0.key, $0.value.stringValue.flatMap(ProtocolEra.init) ?? .legacy) }) { $1 })
        let lists = directory.json(SavedState.catalogFile)?.objectValue?.members ?? []
        catalog = Mutex(Dictionary(lists.map { ($0.key, $0.value) }) { $1 })
        var servers: [BackendConfig] = []
        var refused: [String] = []
        for value in directory.json(SavedState.serversFile)?.arrayValue ?? [] {
            do throws(ConfigProblems) {
                servers.append(try BackendConfig.validated(json: value.bytes))
            } catch {
                refused.append("\(value["name"]?.stringValue ?? "?"): \(error)")
            }
        }
        self.servers = Mutex(servers)
        refusedServers = refused
    }

    // MARK: Names

    func names() -> [NameBook.Record] { records(SavedState.namesFile, "tool") }
    func promptNames() -> [NameBook.Record] { records(SavedState.promptNamesFile, "prompt") }

    func save(_ names: ToolCatalog.NewNames) {
        switch names {
        case .tools(let records): save(records, SavedState.namesFile, "tool")
        case .prompts(let records): save(records, SavedState.promptNamesFile, "prompt")
        }
    }

    private func records(_ file: String, _ kind: String) -> [NameBook.Record] {
        (directory.json(file)?.arrayValue ?? []).compactMap { value in
            guard let server = value["server"]?.stringValue, let item = value[kind]?.stringValue,
                let name = value["name"]?.stringValue
            else { return nil }
            return NameBook.Record(server: server, tool: item, name: name)
        }
    }

    private func save(_ records: [NameBook.Record], _ file: String, _ kind: String) {
        let values = records.map { record in
            JSONValue.object(
                JSONObject([
                    ("server", .string(record.server)), (kind, .string(record.tool)), ("name", .string(record.name)),
                ]))
        }
        directory.save(file, JSONValue.array(values).bytes)
    }

    // MARK: Eras

    func recall(_ identity: String) -> ProtocolEra? { eras.withLock { $0[SavedState.key(identity)] } }

    func remember(_ identity: String, _ era: ProtocolEra) {
        let all = eras.withLock { eras -> [String: ProtocolEra]? in
            guard eras.updateValue(era, forKey: SavedState.key(identity)) != era else { return nil }
            return eras
        }
        if let all { write(eras: all) }
    }

    func forgetEra(_ identity: String) {
        let all = eras.withLock { eras -> [String: ProtocolEra]? in
            eras.removeValue(forKey: SavedState.key(identity)) == nil ? nil : eras
        }
        if let all { write(eras: all) }
    }

    private func write(eras: [String: ProtocolEra]) {
        let members = eras.sorted { $0.key < $1.key }.map { ($0.key, JSONValue.string($0.value.rawValue)) }
        directory.save(SavedState.erasFile, JSONValue.object(JSONObject(members)).bytes)
    }

    /// Commands and URLs may hold secrets, so they are filed by their hash.
    private static func key(_ identity: String) -> String { String(StableHash.fnv1a(identity.utf8), radix: 16) }

    // MARK: Lists as last seen

    /// What was last known of a server that was started like this one; nil for nothing.
    func listing(of settings: BackendSettings) -> CatalogUpdate? {
        guard let saved = catalog.withLock({ $0[settings.name] }),
            saved["identity"]?.stringValue == SavedState.key(settings.identity)
        else { return nil }
        return CatalogUpdate(saved: saved)
    }

    /// The same whatever the server was started with.
    func lastListing(of server: String) -> CatalogUpdate? {
        catalog.withLock { $0[server] }.map { CatalogUpdate(saved: $0) }
    }

    /// Keeps what has come of a server; its other lists stay as they are kept.
    func save(_ update: CatalogUpdate, of settings: BackendSettings) {
        let identity = JSONValue.string(SavedState.key(settings.identity))
        let news = update.saved
        let all = catalog.withLock { catalog -> [String: JSONValue]? in
            var saved = catalog[settings.name]?.objectValue ?? JSONObject()
            if saved["identity"] != identity { saved = JSONObject([("identity", identity)]) }
            for name in CatalogUpdate.savedTexts where news[name] == nil { saved[name] = nil }
            for member in news.members { saved[member.key] = member.value }
            guard catalog.updateValue(.object(saved), forKey: settings.name) != .object(saved) else { return nil }
            return catalog
        }
        if let all { write(catalog: all) }
    }

    func forget(_ server: String) {
        let all = catalog.withLock { catalog in
            catalog[server] = nil
            return catalog
        }
        write(catalog: all)
    }

    private func write(catalog: [String: JSONValue]) {
        let members = catalog.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        directory.save(SavedState.catalogFile, JSONValue.object(JSONObject(members)).bytes)
    }

    // MARK: Servers added at run time

    func addedServers() -> [BackendConfig] { servers.withLock { $0 } }

    func add(_ config: BackendConfig) throws(GateError) {
        let all = servers.withLock { servers in
            servers.removeAll { $0.name.sameBytes(as: config.name) }
            servers.append(config)
            return servers
        }
        try write(servers: all)
    }

    func removeAdded(_ name: String) throws(GateError) {
        let all = servers.withLock { servers in
            servers.removeAll { $0.name.sameBytes(as: name) }
            return servers
        }
        try write(servers: all)
    }

    private func write(servers: [BackendConfig]) throws(GateError) {
        let text = "[" + servers.map { $0.json(secrets: .exposed) }.joined(separator: ",\n") + "]\n"
        try directory.saveNow(SavedState.serversFile, Array(text.utf8))
    }

    func flush() { directory.flush() }
}
