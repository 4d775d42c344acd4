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
        var promptNames: NameBook
        /// In the order of registration: the first of two equal names keeps it.
        var order: [String] = []
        var entries: [ExactText: CatalogEntry] = [:]
        /// Servers from which nothing is to be expected.
        var disabled: Set<ExactText> = []
        var snapshot = CatalogSnapshot()
    }

    /// Names that were given, to be kept.
    enum NewNames: Sendable {
        case tools([NameBook.Record])
        case prompts([NameBook.Record])
    }

    /// Whether any server has URIs that are listed otherwise: asked after every call, and nearly never so.
    let hasDisplacedURIs = Atomic<Bool>(false)
    let index = DiscoveryIndex()
    let changes = CatalogChanges()
    private let state: Mutex<State>
    private let limits: ToolDefinitionCheck.Limits
    private let onNames: @Sendable (NewNames) -> Void
    /// Nil where every tool is as good as another.
    let pins: ToolPins?
    /// One list is looked at at a time, so that readers of the catalog do not wait for it.
    private let taking = Mutex(())

    /// - Parameters:
    ///   - records: names given to tools in earlier runs.
    ///   - prompts: the same of prompts.
    ///   - pins: judges what servers list.
    ///   - onNames: told when names were given, so that they can be kept: all of them.
    init(
        records: [NameBook.Record], prompts: [NameBook.Record] = [], limits: ToolDefinitionCheck.Limits,
        pins: ToolPins? = nil, onNames: @escaping @Sendable (NewNames) -> Void
    ) {
        self.pins = pins
        state = Mutex(State(names: NameBook(records: records), promptNames: NameBook(records: prompts)))
        self.limits = limits
        self.onNames = onNames
    }

    var snapshot: CatalogSnapshot { state.withLock { $0.snapshot } }

    /// Registers a server, known by name from now on.
    ///
    /// - Parameter isEnabled: whether it is going to list anything.
    func register(_ server: String, isEnabled: Bool = true) {
        state.withLock { state in
            if !state.order.contains(where: { $0.sameBytes(as: server) }) { state.order.append(server) }
            if isEnabled {
                state.disabled.remove(ExactText(server))
            } else {
                state.disabled.insert(ExactText(server))
            }
            rebuild(&state)
        }
    }

    func take(_ update: CatalogUpdate, of server: String) {
        taking.withLock { _ in
            var entry = entry(server) ?? CatalogEntry(server: server)
            entry.take(update, limits: limits)
            let hasTools = update.lists[.tools] != nil
            if hasTools { entry.take(pins?.judge(entry) ?? ToolPins.Verdict()) }
            put(entry, toolsChanged: hasTools)
        }
        changes.changed(self)
    }

    /// The tools of an instance whose list is not shown, judged.
    func judgeAside(_ update: CatalogUpdate, of server: String) -> ToolStandings? {
        guard let pins, update.lists[.tools] != nil else { return nil }
        var entry = CatalogEntry(server: server)
        entry.take(update, limits: limits)
        return pins.judge(entry, speaksForAll: false).standings
    }

    /// Shows and hides tools by what the operator has decided meanwhile.
    func judgeAgain(_ server: String) {
        taking.withLock { _ in
            guard let pins, var entry = entry(server) else { return }
            entry.take(pins.verdict(entry))
            put(entry, toolsChanged: true)
        }
        changes.changed(self)
    }

    private func put(_ entry: CatalogEntry, toolsChanged: Bool) {
        let server = entry.server
        let taken = state.withLock { state -> ([NameBook.Record], [NewNames])? in
            // Its list was under way when the server was removed.
            guard state.order.contains(where: { $0.sameBytes(as: server) }) else { return nil }
            let before = (state.names.revision, state.promptNames.revision)
            let records = state.names.setTools(entry.tools.map(\.check.name), of: server)
            state.promptNames.setTools(entry.items[.prompts]?.items.map(\.key) ?? [], of: server)
            state.entries[ExactText(server)] = entry
            rebuild(&state)
            var given: [NewNames] = []
            if state.names.revision != before.0 { given.append(.tools(state.names.records)) }
            if state.promptNames.revision != before.1 { given.append(.prompts(state.promptNames.records)) }
            return (records, given)
        }
        guard let (records, given) = taken else { return }
        for names in given { onNames(names) }
        guard toolsChanged else { return }
        index.replace(
            server: server, title: entry.title, description: entry.instructions,
            tools: zip(entry.tools, records).map { ToolCatalog.discoverable($0, $1) })
    }

    func remove(_ server: String) {
        state.withLock { state in
            state.order.removeAll { $0.sameBytes(as: server) }
            state.entries[ExactText(server)] = nil
            state.disabled.remove(ExactText(server))
            state.names.removeServer(server)
            state.promptNames.removeServer(server)
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
        var prompts: [ExposedItem] = []
        let entries = state.order.compactMap { state.entries[ExactText($0)] }
        for entry in entries {
            let server = entry.server
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
            for prompt in entry.items[.prompts]?.items ?? [] {
                let identity = ToolIdentity(server: server, tool: prompt.key)
                guard let name = state.promptNames.exposedName(of: identity) else { continue }
                prompts.append(
                    ExposedItem(item: prompt, name: name, definition: prompt.definition(.prompts, named: name)))
            }
        }
        let resources = ResourceIndex(entries)
        hasDisplacedURIs.store(!resources.displaced.isEmpty, ordering: .releasing)
        state.snapshot = CatalogSnapshot(
            tools: tools, mirrors: mirrors, repeatable: repeatable, prompts: prompts, resources: resources,
            servers: state.order.map { name in
                CatalogServer(
                    name, state.entries[ExactText(name)], isDisabled: state.disabled.contains(ExactText(name)))
            })
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

    // MARK: For finding

    /// What the name books say to a question, and which of the servers that are seen have not listed anything yet.
    func ask(
        _ book: Book, _ visibility: Visibility, _ question: (NameBook) -> NameBook.Resolution
    ) -> (NameBook.Resolution, unlisted: [String]) {
        state.withLock { state in
            (
                question(book == .tools ? state.names : state.promptNames),
                state.order.filter { visibility.sees($0) && state.entries[ExactText($0)] == nil }
            )
        }
    }

    enum Book { case tools, prompts }

    /// Why a tool is hidden that is asked for by its server's own name for it.
    func hold(_ server: String, _ tool: String) -> ToolHold? {
        state.withLock { $0.entries[ExactText(server)]?.held[ExactText(tool)] }
    }

    /// Servers that have a tool of this name, hidden for now.
    func holders(_ tool: String) -> [String] {
        state.withLock { state in
            state.order.filter { state.entries[ExactText($0)]?.held[ExactText(tool)] != nil }
        }
    }

    /// Tools that wait for the operator, and how many of them are hidden, by server.
    var waiting: [(server: String, waiting: Int, hidden: Int)] {
        state.withLock { state in
            state.order.compactMap { name in
                state.entries[ExactText(name)].map { (name, $0.standings.doubtful.count, $0.held.count) }
            }
        }
    }

    func knows(_ server: String) -> Bool { state.withLock { $0.order.contains { $0.sameBytes(as: server) } } }
}
