import GateBackend
import GateCore
import GateProtocol
import NIOCore

/// A resource, a resource template or a prompt of a server, checked, before it is known under which name agents see it.
struct CatalogItem: Sendable {
    let server: String
    /// The server's own URI, template or name.
    let key: String
    /// The definition to list, with the server's own key in it.
    let definition: ByteBuffer
    /// What was repaired, in words.
    let repairs: [String]
    /// Of a resource: the form in which it is compared with what clients make of its URI.
    var normalized: ExactText?
    /// Of a template: what URIs are compared with.
    var template: URITemplate?

    /// The definition under another key.
    func definition(_ kind: ListKind, named name: String) -> ByteBuffer {
        name.sameBytes(as: key)
            ? definition : DefinitionText.replacing(kind.checkKind?.key ?? "name", with: name, in: definition)
    }
}

/// One list of a server, checked.
struct CatalogItems: Sendable {
    var items: [CatalogItem] = []
    /// What could not be listed, and why.
    var dropped: [String] = []
    /// What the operator's patterns hide.
    var hidden = 0
    var terms: CacheTerms?

    init(_ listed: ListedItems, kind: ListKind, server: String, filters: CatalogFilters, maxDescription: Int) {
        terms = listed.terms
        guard let check = kind.checkKind else { return }
        var keys: Set<ExactText> = []
        for definition in listed.definitions {
            let value: JSONValue
            do throws(JSONFault) {
                value = try JSONValue(parsing: Array(buffer: definition))
            } catch {
                dropped.append("a definition that is not valid JSON: \(error)")
                continue
            }
            let checked = ItemDefinitionCheck(value, kind: check, maxDescription: maxDescription)
            guard filters.permits(checked.key, kind, of: server) else {
                hidden += 1
                continue
            }
            var repairs: [String] = []
            switch checked.outcome {
            case .dropped(let reason):
                dropped.append("\(checked.key.isEmpty ? "an entry" : checked.key.prefix(bytes: 256)): \(reason)")
                continue
            case .repaired(let reasons): repairs = reasons
            case .keep: break
            }
            guard keys.insert(ExactText(checked.key)).inserted else {
                dropped.append("\(checked.key.prefix(bytes: 256)): the server lists it twice")
                continue
            }
            var item = CatalogItem(
                server: server, key: checked.key,
                definition: repairs.isEmpty ? definition : ByteBuffer(bytes: checked.definition.bytes), repairs: repairs
            )
            if kind == .resources { item.normalized = ExactText(URIForm.normalized(checked.key)) }
            if kind == .resourceTemplates { item.template = URITemplate(checked.key) }
            items.append(item)
        }
    }
}

extension ListKind {
    /// Nil for tools, which have a check of their own.
    var checkKind: ItemDefinitionCheck.Kind? {
        switch self {
        case .tools: nil
        case .resources: .resource
        case .resourceTemplates: .resourceTemplate
        case .prompts: .prompt
        }
    }
}
