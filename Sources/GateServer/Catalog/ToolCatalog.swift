import GateBackend
import GateCore
import GateDiscovery
import GateProtocol
import NIOCore
import Synchronization

/// The one flat catalog over all servers: gives tools their names, keeps the lists ready, finds tools by name and by words.
final class ToolCatalog: Sendable {
    private struct State {
        var names: NameBook
        /// In the order of registration: the first of two equal names keeps it.
        var order: [String] = []
        var entries: [ExactText: CatalogEntry] = [:]
        var snapshot = CatalogSnapshot(tools: [])
    }

    let index = DiscoveryIndex()
    let changes = CatalogChanges()
    private let state: Mutex<State>
    private let limits: ToolDefinitionCheck.Limits
    private let onNames: @Sendable ([NameBook.Record]) -> Void

    /// - Parameters:
    ///   - records: names given in earlier runs.
    ///   - onNames: told when names were given, so that they can be kept.
    init(
        records: [NameBook.Record], limits: ToolDefinitionCheck.Limits,
        onNames: @escaping @Sendable ([NameBook.Record]) -> Void
    ) {
        state = Mutex(State(names: NameBook(records: records)))
        self.limits = limits
        self.onNames = onNames
    }

    var snapshot: CatalogSnapshot { state.withLock { $0.snapshot } }

    /// Registers a server, known by name from now on, with its last known tools if there are any.
    func register(_ server: String) {
        state.withLock { state in
            if !state.order.contains(where: { $0.sameBytes(as: server) }) { state.order.append(server) }
        }
    }

    func setTools(
        of server: String, _ definitions: [ByteBuffer], title: String?, instructions: String?, filter: ToolFilter,
        isStale: Bool
    ) {
        let entry = CatalogEntry(
            server: server, title: title, instructions: instructions, definitions: definitions, filter: filter,
            limits: limits, isStale: isStale)
        let registered = state.withLock { state -> ([NameBook.Record], [NameBook.Record]?)? in
            guard state.order.contains(where: { $0.sameBytes(as: server) }) else { return nil }
            let before = state.names.revision
            let records = state.names.setTools(entry.tools.map(\.check.name), of: server)
            state.entries[ExactText(server)] = entry
            rebuild(&state)
            return (records, state.names.revision == before ? nil : state.names.records)
        }
        // Its list was under way when the server was removed.
        guard let (records, given) = registered else { return }
        if let given { onNames(given) }
        index.replace(
            server: server, title: title, description: instructions,
            tools: zip(entry.tools, records).map { ToolCatalog.discoverable($0, $1) })
        changes.changed(self)
    }

    func remove(_ server: String) {
        state.withLock { state in
            state.order.removeAll { $0.sameBytes(as: server) }
            state.entries[ExactText(server)] = nil
            state.names.removeServer(server)
            rebuild(&state)
        }
        index.remove(server: server)
        changes.changed(self)
    }

    /// What is known of a server's list, for the status.
    func entry(_ server: String) -> CatalogEntry? { state.withLock { $0.entries[ExactText(server)] } }

    private func rebuild(_ state: inout State) {
        var tools: [CatalogTool] = []
        var mirrors: [ToolTarget: HeaderMirror] = [:]
        var repeatable: Set<ToolTarget> = []
        for server in state.order {
            guard let entry = state.entries[ExactText(server)] else { continue }
            for tool in entry.tools {
                let identity = ToolIdentity(server: server, tool: tool.check.name)
                guard let name = state.names.exposedName(of: identity) else { continue }
                tools.append(CatalogTool(tool, server: server, name: name))
                if ToolAnnotations(tool.check.definition).permitRepetition {
                    repeatable.insert(ToolTarget(server: server, tool: tool.check.name))
                }
                if !tool.mirror.items.isEmpty {
                    mirrors[ToolTarget(server: server, tool: tool.check.name)] = tool.mirror
                }
            }
        }
        state.snapshot = CatalogSnapshot(tools: tools, mirrors: mirrors, repeatable: repeatable)
    }

    private static func discoverable(_ tool: CatalogEntry.Tool, _ record: NameBook.Record) -> DiscoveryTool {
        let definition = tool.check.definition
        let properties = definition["inputSchema"]?["properties"]?.objectValue?.members ?? []
        return DiscoveryTool(
            name: tool.check.name, exposedName: record.name, title: definition["title"]?.stringValue,
            description: definition["description"]?.stringValue ?? "",
            parameters: properties.prefix(100).map {
                DiscoveryTool.Parameter(name: $0.key, description: $0.value["description"]?.stringValue ?? "")
            })
    }

    // MARK: Finding

    func resolve(_ name: String, _ visibility: Visibility) throws(GateError) -> ToolTarget {
        // The hot path: the exact exposed name, without the name book's lock.
        let snapshot = snapshot
        if let tool = snapshot.tool(named: name), visibility.sees(tool.target.server) { return tool.target }
        let (found, unlisted) = state.withLock { state in
            (
                state.names.resolve(name) { visibility.sees($0.server) },
                state.order.filter { visibility.sees($0) && state.entries[ExactText($0)] == nil }
            )
        }
        if case .unknown = found, let first = unlisted.first {
            if let slash = name.utf8.firstIndex(of: UInt8(ascii: "/")),
                let server = unlisted.first(where: { $0.sameBytes(as: String(name[..<slash])) })
            {
                return ToolTarget(server: server, tool: String(name[name.utf8.index(after: slash)...]))
            }
            throw GateError(
                .starting,
                "There is no tool '\(name)' yet, but server '\(first)' has not listed its tools. Try again shortly, or look "
                    + "at gate_status.", server: first, retryAfter: 2)
        }
        return try target(found, asked: name)
    }

    func resolve(server: String, tool: String, _ visibility: Visibility) throws(GateError) -> ToolTarget {
        guard visibility.sees(server), state.withLock({ $0.order.contains { $0.sameBytes(as: server) } }) else {
            throw GateError(
                .serverNotFound, "There is no server '\(server)'. GET /server/list shows which there are.",
                source: .caller, server: server)
        }
        let (found, isListed) = state.withLock { state in
            (
                state.names.resolve(server: server, tool: tool) { visibility.sees($0.server) },
                state.entries[ExactText(server)] != nil
            )
        }
        // Before its first listing nobody but the server knows what it offers: the call waits for it and the server judges.
        if !isListed, case .unknown = found { return ToolTarget(server: server, tool: tool) }
        return try target(found, asked: "\(server)/\(tool)")
    }

    private func target(_ found: NameBook.Resolution, asked: String) throws(GateError) -> ToolTarget {
        switch found {
        case .tool(let record): return ToolTarget(server: record.server, tool: record.tool)
        case .ambiguous(let candidates):
            let names = candidates.prefix(10).map { "\($0.server)/\($0.tool)" }.joined(separator: ", ")
            throw GateError(
                .ambiguousTool, "Several servers have a tool '\(asked)': \(names). Say which.", source: .caller)
        case .gone(let record):
            throw GateError(
                .toolNotFound,
                "Server '\(record.server)' does not offer the tool '\(record.tool)' at the moment. "
                    + "Look at its status, or discover another tool.", source: .caller)
        case .unknown(let similar):
            let hint =
                similar.map { " Did you mean '\($0)'?" } ?? " Find tools by words with gate_discover or GET /discover."
            throw GateError(.toolNotFound, "There is no tool '\(asked)'.\(hint)", source: .caller)
        }
    }
}
