import GateBackend
import GateCore
import GateProtocol
import NIOCore

/// What one server offers, checked and repaired, before its tools have their exposed names.
struct CatalogEntry: Sendable {
    struct Tool: Sendable {
        let check: ToolDefinitionCheck
        let original: ByteBuffer
        let repairs: [String]
        let mirror: HeaderMirror
    }

    let server: String
    let title: String?
    let instructions: String?
    let tools: [Tool]
    /// Tools that could not be listed, and why.
    let dropped: [String]
    /// Tools that the operator's patterns hide.
    let hidden: Int
    /// Whether it is the last known list, not yet confirmed by the server.
    var isStale: Bool

    /// Checks a list as a backend sent it; one bad tool never spoils it.
    init(
        server: String, title: String?, instructions: String?, definitions: [ByteBuffer], filter: ToolFilter,
        limits: ToolDefinitionCheck.Limits, isStale: Bool
    ) {
        self.server = server
        self.title = title
        self.instructions = instructions
        self.isStale = isStale
        var tools: [Tool] = []
        var dropped: [String] = []
        var hidden = 0
        var names: Set<ExactText> = []
        for definition in definitions {
            let value: JSONValue
            do throws(JSONFault) {
                value = try JSONValue(parsing: Array(buffer: definition))
            } catch {
                dropped.append("a tool whose definition is not valid JSON: \(error)")
                continue
            }
            let check = ToolDefinitionCheck(value, limits: limits)
            guard filter.permits(server: server, tool: check.name) else {
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
                tools.append(Tool(check: check, original: definition, repairs: repairs, mirror: mirror))
            }
        }
        self.tools = tools
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
            ? CatalogTool.renamed(tool.original, to: name, from: tool.check.name)
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

    private static func text(_ definition: JSONValue, name: String) -> ByteBuffer {
        var object = definition.objectValue ?? JSONObject()
        object["name"] = .string(name)
        return ByteBuffer(bytes: JSONValue.object(object).bytes)
    }

    /// The backend's own bytes with another name in them.
    private static func renamed(_ original: ByteBuffer, to name: String, from known: String) -> ByteBuffer {
        if name.sameBytes(as: known) { return original }
        let range = original.withUnsafeReadableBytes { text -> Range<Int>? in
            var scanner = JSONScanner(text)
            guard let fields = try? scanner.scanObject() else { return nil }
            return fields.find("name", in: text)?.value
        }
        guard let range else { return original }
        var out = ByteBuffer()
        let start = original.readerIndex
        out.writeImmutable(original.getSlice(at: start, length: range.lowerBound) ?? ByteBuffer())
        out.writeJSONString(name)
        let rest = original.readableBytes - range.upperBound
        out.writeImmutable(original.getSlice(at: start + range.upperBound, length: rest) ?? ByteBuffer())
        return out
    }
}
