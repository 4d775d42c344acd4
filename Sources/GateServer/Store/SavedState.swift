import GateBackend
import GateConfig
import GateCore
import GateProtocol
import NIOCore
import Synchronization

/// What the gateway keeps between runs beside the configuration: names it gave, eras it found out, tools it last saw, servers that
/// were added while it ran. A file that cannot be read counts as absent: all of it can be found out again, but for added servers.
final class SavedState: EraMemory {
    private static let namesFile = "names.json"
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

    func names() -> [NameBook.Record] {
        (directory.json(SavedState.namesFile)?.arrayValue ?? []).compactMap { value in
            guard let server = value["server"]?.stringValue, let tool = value["tool"]?.stringValue,
                let name = value["name"]?.stringValue
            else { return nil }
            return NameBook.Record(server: server, tool: tool, name: name)
        }
    }

    func save(names: [NameBook.Record]) {
        let values = names.map { record -> JSONValue in
            ["server": .string(record.server), "tool": .string(record.tool), "name": .string(record.name)]
        }
        directory.save(SavedState.namesFile, JSONValue.array(values).bytes)
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

    // MARK: Tools as last seen

    func tools(of settings: BackendSettings) -> [ByteBuffer] {
        guard let saved = catalog.withLock({ $0[settings.name] }),
            saved["identity"]?.stringValue == SavedState.key(settings.identity)
        else { return [] }
        return (saved["tools"]?.arrayValue ?? []).map { ByteBuffer(bytes: $0.bytes) }
    }

    /// The same whatever the server was started with.
    func lastTools(of server: String) -> [ByteBuffer] {
        (catalog.withLock { $0[server] }?["tools"]?.arrayValue ?? []).map { ByteBuffer(bytes: $0.bytes) }
    }

    func save(tools: [ByteBuffer], of settings: BackendSettings) {
        let values = tools.compactMap { try? JSONValue(parsing: Array(buffer: $0)) }
        let saved: JSONValue = [
            "identity": .string(SavedState.key(settings.identity)), "tools": .array(values),
        ]
        let all = catalog.withLock { catalog -> [String: JSONValue]? in
            guard catalog.updateValue(saved, forKey: settings.name) != saved else { return nil }
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
