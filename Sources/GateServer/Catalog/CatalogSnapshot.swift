import GateCore
import GateProtocol
import GateBackend
import NIOCore
import Synchronization

/// The catalog at one moment. Nothing in it changes, so every reader works on it without a lock; listings are made once and kept.
final class CatalogSnapshot: Sendable {
    let tools: [CatalogTool]
    /// Only the tools that have arguments to repeat in headers: almost always none.
    let mirrors: [ToolTarget: HeaderMirror]
    /// Tools that say they do no harm when a call is repeated. Only of use where the operator trusts what the server says.
    let repeatable: Set<ToolTarget>
    /// Only the tools that say something of tasks.
    private let taskSupports: [ToolTarget: TaskSupport]
    let prompts: [ExposedItem]
    let resources: ResourceIndex
    /// In the order of registration, those too that have not listed anything yet.
    let servers: [CatalogServer]
    private let byName: [ExactText: Int]
    private let listings = Mutex<[ListingKey: Listing]>([:])
    private let instructionTexts = Mutex<[Visibility: String]>([:])

    private struct ListingKey: Hashable {
        let kind: ListKind
        let visibility: Visibility
        let form: ListForm
    }

    private struct Listing {
        let text: ByteBuffer
        /// Tells it from every other list.
        let fingerprint: UInt64
    }

    /// Callers choose their own `?servers=`, so what they chose is kept in bounded number.
    private static let maxListings = 256

    init(
        tools: [CatalogTool] = [], mirrors: [ToolTarget: HeaderMirror] = [:], repeatable: Set<ToolTarget> = [],
        prompts: [ExposedItem] = [], resources: ResourceIndex = ResourceIndex([]), servers: [CatalogServer] = []
    ) {
        self.tools = tools
        self.mirrors = mirrors
        self.repeatable = repeatable
        let speaking = tools.filter { $0.taskSupport != .unstated }
        taskSupports = Dictionary(speaking.map { ($0.target, $0.taskSupport) }) { first, _ in first }
        self.prompts = prompts
        self.resources = resources
        self.servers = servers
        byName = Dictionary(tools.enumerated().map { (ExactText($0.element.name), $0.offset) }) { first, _ in first }
    }

    func tool(named name: String) -> CatalogTool? { byName[ExactText(name)].map { tools[$0] } }

    func tools(_ visibility: Visibility) -> [CatalogTool] {
        visibility.isEverything ? tools : tools.filter { visibility.sees($0.target) }
    }

    func taskSupport(_ target: ToolTarget) -> TaskSupport {
        taskSupports.isEmpty ? .unstated : taskSupports[target] ?? .unstated
    }

    func servers(_ visibility: Visibility) -> [CatalogServer] {
        visibility.isEverything ? servers : servers.filter { visibility.sees($0.name) }
    }

    // MARK: Lists

    /// The JSON array of what is seen.
    func listing(_ kind: ListKind, _ visibility: Visibility, _ form: ListForm) -> ByteBuffer {
        known(kind, visibility, form).text
    }

    /// Tells whether what a caller sees has changed.
    func fingerprint(_ kind: ListKind, _ visibility: Visibility, _ form: ListForm) -> UInt64 {
        known(kind, visibility, form).fingerprint
    }

    /// The definitions of what is seen, in order.
    func definitions(_ kind: ListKind, _ visibility: Visibility, _ form: ListForm) -> [ByteBuffer] {
        let isOwn = visibility.isOneServer
        switch kind {
        case .tools:
            let isLegacy = form.era == .legacy
            return tools(visibility).map { tool in
                let definition =
                    isOwn
                    ? tool.ownDefinition(legacy: isLegacy)
                    : (isLegacy ? tool.legacyDefinition : nil) ?? tool.definition
                return form.offersTasks && tool.taskSupport == .unstated
                    ? DefinitionText.adding(TaskSupport.listed, to: definition) : definition
            }
        case .resources: return definitions(.resource, resources.resources, visibility)
        case .resourceTemplates: return definitions(.resource, resources.templates, visibility)
        case .prompts: return definitions(.prompt, prompts, visibility)
        }
    }

    private func definitions(
        _ kind: AccessKind, _ items: [ExposedItem], _ visibility: Visibility
    ) -> [ByteBuffer] {
        items.filter { visibility.sees(kind, $0.item.server, $0.item.key) }.map {
            visibility.isOneServer ? $0.item.definition : $0.definition
        }
    }

    private func known(_ kind: ListKind, _ visibility: Visibility, _ form: ListForm) -> Listing {
        let key = ListingKey(kind: kind, visibility: visibility, form: form)
        if let known = listings.withLock({ $0[key] }) { return known }
        let text = CatalogSnapshot.array(definitions(kind, visibility, form)[...])
        let made = Listing(text: text, fingerprint: StableHash.fnv1a(text.readableBytesView))
        listings.withLock { listings in
            if listings.count >= CatalogSnapshot.maxListings { listings.removeAll() }
            listings[key] = made
        }
        return made
    }

    static func array(_ elements: ArraySlice<ByteBuffer>) -> ByteBuffer {
        var out = ByteBuffer()
        out.reserveCapacity(elements.reduce(2) { $0 + $1.readableBytes + 1 })
        out.writeStaticString("[")
        for (index, element) in elements.enumerated() {
            if index > 0 { out.writeStaticString(",") }
            out.writeImmutable(element)
        }
        out.writeStaticString("]")
        return out
    }

    // MARK: Servers

    /// The instructions of the servers that are seen; kept like lists.
    func instructions(_ visibility: Visibility) -> String {
        if let known = instructionTexts.withLock({ $0[visibility] }) { return known }
        let made = ServerInstructions.text(servers(visibility), namesServers: !visibility.isOneServer)
        instructionTexts.withLock { texts in
            if texts.count >= CatalogSnapshot.maxListings { texts.removeAll() }
            texts[visibility] = made
        }
        return made
    }

    /// What can be done with the servers that are seen: all of what each of them says. A server that has not been heard of may do
    /// anything: agents ask what can be done once, and it would be lost to them.
    func offers(_ visibility: Visibility) -> BackendOffers {
        servers(visibility).reduce(into: []) { $0.formUnion($1.offers ?? .all) }
    }

    /// For how long and for whom a list is good; nil when one of its servers does not say.
    func terms(_ kind: ListKind, _ visibility: Visibility) -> CacheTerms? {
        var merged: CacheTerms?
        for server in servers(visibility) {
            guard let offers = server.offers else { return nil }
            guard offers.lists.contains(kind) else { continue }
            guard let terms = server.terms[kind] else { return nil }
            merged = merged?.merged(with: terms) ?? terms
        }
        return merged
    }
}
