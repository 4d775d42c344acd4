import GateBackend
import GateCore
import GateProtocol
import NIOCore

/// What one server offers, checked and repaired, before it has its exposed names.
struct CatalogEntry: Sendable {
    struct Tool: Sendable {
        let check: ToolDefinitionCheck
        let original: ByteBuffer
        let repairs: [String]
        let mirror: HeaderMirror
        /// Of the definition as the server gave it.
        let digest: DefinitionDigest
    }

    let server: String
    private(set) var title: String?
    private(set) var instructions: String?
    /// What the server says it can do; nil as long as that is not known.
    private(set) var offers: BackendOffers?
    private(set) var filters = CatalogFilters.none
    private(set) var integrity = IntegrityPolicy()
    /// What agents may know of.
    private(set) var tools: [Tool] = []
    /// Those too that are held.
    private(set) var allTools: [Tool] = []
    /// Tools that are hidden until the operator approves them.
    private(set) var held: [ExactText: ToolHold] = [:]
    /// How all of its tools stand.
    private(set) var standings = ToolStandings()
    /// Tools that could not be listed, and why.
    private(set) var dropped: [String] = []
    /// Tools that the operator's patterns hide.
    private(set) var hidden = 0
    private(set) var toolTerms: CacheTerms?
    /// Its lists of resources, templates and prompts, as far as they have been read.
    private(set) var items: [ListKind: CatalogItems] = [:]
    /// Whether it is the last known list, not yet confirmed by the server.
    private(set) var isStale = false

    init(server: String) { self.server = server }

    mutating func take(_ update: CatalogUpdate, limits: ToolDefinitionCheck.Limits) {
        title = update.title
        instructions = update.instructions
        offers = update.offers ?? offers
        filters = update.filters
        integrity = update.integrity
        isStale = update.isStale
        for (kind, list) in update.lists {
            if kind == .tools {
                take(tools: list, limits: limits)
            } else {
                items[kind] = CatalogItems(
                    list, kind: kind, server: server, filters: filters, maxDescription: limits.description)
            }
        }
    }

    /// Takes over what was found out about its tools.
    mutating func take(_ verdict: ToolPins.Verdict) {
        held = verdict.holds
        standings = verdict.standings
        tools = held.isEmpty ? allTools : allTools.filter { held[ExactText($0.check.name)] == nil }
    }

    /// For how long and for whom the list is good; nil when the server does not say.
    func terms(_ kind: ListKind) -> CacheTerms? { isStale ? nil : kind == .tools ? toolTerms : items[kind]?.terms }

    /// One bad tool never spoils the list.
    private mutating func take(tools list: ListedItems, limits: ToolDefinitionCheck.Limits) {
        toolTerms = list.terms
        var tools: [Tool] = []
        var dropped: [String] = []
        var hidden = 0
        var names: Set<ExactText> = []
        for definition in list.definitions {
            let value: JSONValue
            do throws(JSONFault) {
                value = try JSONValue(parsing: Array(buffer: definition))
            } catch {
                dropped.append("a tool whose definition is not valid JSON: \(error)")
                continue
            }
            let check = ToolDefinitionCheck(value, limits: limits)
            guard filters.tools.permits(server: server, tool: check.name) else {
                hidden += 1
                continue
            }
            switch check.outcome {
            case .dropped(let reason):
                dropped.append("\(check.name.isEmpty ? "a tool without a name" : check.name): \(reason)")
            case .keep, .repaired:
                let mirror: HeaderMirror
                do throws(HeaderMirror.Invalid) {
                    mirror = try HeaderMirror(inputSchema: check.definition["inputSchema"] ?? .null)
                } catch {
                    dropped.append("\(check.name): \(error)")
                    continue
                }
                guard names.insert(ExactText(check.name)).inserted else {
                    dropped.append("\(check.name): the server lists this name twice")
                    continue
                }
                var repairs: [String] = []
                if case .repaired(let reasons) = check.outcome { repairs = reasons }
                tools.append(
                    Tool(
                        check: check, original: definition, repairs: repairs, mirror: mirror,
                        digest: DefinitionDigest(of: value)))
            }
        }
        allTools = tools
        self.tools = tools
        held = [:]
        standings = ToolStandings()
        self.dropped = dropped
        self.hidden = hidden
    }
}

extension CatalogTool {
    /// The tool under its exposed name.
    init(_ tool: CatalogEntry.Tool, server: String, name: String) {
        let definition = tool.check.definition
        let keepsBytes = tool.repairs.isEmpty
        let listed =
            keepsBytes
            ? (name.sameBytes(as: tool.check.name)
                ? tool.original : DefinitionText.replacing("name", with: name, in: tool.original))
            : CatalogTool.text(definition, name: name)
        var legacy: ByteBuffer?
        if tool.check.stripsOutputSchemaForLegacy, var object = definition.objectValue {
            object["outputSchema"] = nil
            legacy = CatalogTool.text(.object(object), name: name)
        }
        self.init(
            target: ToolTarget(server: server, tool: tool.check.name), name: name,
            title: definition["title"]?.stringValue ?? definition["annotations"]?["title"]?.stringValue,
            description: definition["description"]?.stringValue ?? "",
            inputSchema: ByteBuffer(bytes: (definition["inputSchema"] ?? PortableSchema.empty).bytes),
            definition: listed, legacyDefinition: legacy, original: tool.original, repairs: tool.repairs)
        taskSupport = TaskSupport(definition)
    }

    /// The definition as its server's own endpoint lists it: with the server's own name for the tool.
    func ownDefinition(legacy isLegacy: Bool) -> ByteBuffer {
        if let legacyDefinition, isLegacy { return own(legacyDefinition) }
        return repairs.isEmpty ? original : own(definition)
    }

    private func own(_ definition: ByteBuffer) -> ByteBuffer {
        name.sameBytes(as: target.tool)
            ? definition : DefinitionText.replacing("name", with: target.tool, in: definition)
    }

    private static func text(_ definition: JSONValue, name: String) -> ByteBuffer {
        var object = definition.objectValue ?? JSONObject()
        object["name"] = .string(name)
        return ByteBuffer(bytes: JSONValue.object(object).bytes)
    }
}
