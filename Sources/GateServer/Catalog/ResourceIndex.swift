import GateBackend
import GateCore

/// The resources and templates of all servers: what agents call them, and whose a URI is.
///
/// A URI is listed as its server has it. Of two servers with the same one the first in the order of registration keeps it; with the
/// other it has its qualified form (``QualifiedURI``), which leads to a server's resource in any case.
struct ResourceIndex: Sendable {
    private struct Template: Sendable {
        let server: String
        let template: URITemplate
    }

    private(set) var resources: [ExposedItem] = []
    private(set) var templates: [ExposedItem] = []
    /// Servers some of whose resources or templates do not have their own URIs.
    private(set) var displaced: Set<ExactText> = []
    /// By the server's own URI, in the order of registration.
    private var byURI: [ExactText: [Int]] = [:]
    private var byNormalized: [ExactText: [Int]] = [:]
    /// The one that says most first.
    private var patterns: [Template] = []
    private var byTemplate: [ExactText: [Int]] = [:]

    /// - Parameter entries: in the order of registration.
    init(_ entries: [CatalogEntry]) {
        for entry in entries {
            for item in entry.items[.resources]?.items ?? [] { add(resource: item) }
            for item in entry.items[.resourceTemplates]?.items ?? [] { add(template: item) }
        }
        patterns.sort { $0.template.literals > $1.template.literals }
    }

    private mutating func add(resource item: CatalogItem) {
        let normalized = item.normalized ?? ExactText(item.key)
        let isTaken =
            byNormalized[normalized]?.contains { !resources[$0].item.server.sameBytes(as: item.server) } ?? false
        byURI[ExactText(item.key), default: []].append(resources.count)
        byNormalized[normalized, default: []].append(resources.count)
        resources.append(exposed(item, .resources, isTaken))
    }

    private mutating func add(template item: CatalogItem) {
        let key = ExactText(item.key)
        byTemplate[key, default: []].append(templates.count)
        if let template = item.template { patterns.append(Template(server: item.server, template: template)) }
        templates.append(exposed(item, .resourceTemplates, (byTemplate[key]?.count ?? 0) > 1))
    }

    private mutating func exposed(_ item: CatalogItem, _ kind: ListKind, _ isTaken: Bool) -> ExposedItem {
        if isTaken { displaced.insert(ExactText(item.server)) }
        let name = isTaken ? QualifiedURI.text(item.server, item.key) : item.key
        return ExposedItem(item: item, name: name, definition: item.definition(kind, named: name))
    }

    // MARK: Finding

    /// The listed resource with this URI, of the first server that is seen.
    func listed(_ uri: String, isVisible: (ResourceTarget) -> Bool) -> ResourceTarget? {
        find(byURI[ExactText(uri)], resources, isVisible)
    }

    /// The same when a client has rewritten the URI.
    func listed(normalized uri: String, isVisible: (ResourceTarget) -> Bool) -> ResourceTarget? {
        find(byNormalized[ExactText(URIForm.normalized(uri))], resources, isVisible)
    }

    /// The listed template that is written like this.
    func listed(template: String, isVisible: (ResourceTarget) -> Bool) -> ResourceTarget? {
        find(byTemplate[ExactText(template)], templates, isVisible)
    }

    /// The server of the template that a URI is made of.
    func server(ofTemplateMatching uri: String, isVisible: (String) -> Bool) -> String? {
        guard uri.utf8.count <= URIForm.maxLength else { return nil }
        var steps = 0
        return patterns.first { isVisible($0.server) && $0.template.matches(uri, steps: &steps) }?.server
    }

    /// Where a server's own resource or template is listed under another URI, that URI.
    func exposedName(of target: ResourceTarget) -> String? {
        let server = target.server
        let found =
            byURI[ExactText(target.uri)]?.lazy.map { resources[$0] }.first { $0.item.server.sameBytes(as: server) }
            ?? byTemplate[ExactText(target.uri)]?.lazy.map { templates[$0] }
            .first { $0.item.server.sameBytes(as: server) }
        return found?.name
    }

    private func find(
        _ indices: [Int]?, _ items: [ExposedItem], _ isVisible: (ResourceTarget) -> Bool
    ) -> ResourceTarget? {
        for index in indices ?? [] {
            let target = ResourceTarget(server: items[index].item.server, uri: items[index].item.key)
            if isVisible(target) { return target }
        }
        return nil
    }
}
