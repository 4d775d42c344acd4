import GateBackend
import GateCore

/// What of a server's offer exists for the gateway, by patterns of the operator.
struct CatalogFilters: Sendable {
    var tools = ToolFilter.all
    /// Over URIs and URI templates.
    var resources = ToolFilter.all
    var prompts = ToolFilter.all

    static let none = CatalogFilters()

    /// Whether a URI may be read, listed or not. A pattern that hides a URI hides it in all of its spellings.
    func permits(resource uri: String, of server: String) -> Bool {
        guard resources.permits(server: server, tool: uri) else { return false }
        if resources == .all { return true }
        let normalized = URIForm.normalized(uri)
        return normalized.sameBytes(as: uri) || resources.permits(server: server, tool: normalized)
    }

    func permits(_ key: String, _ kind: ListKind, of server: String) -> Bool {
        switch kind {
        case .tools: tools.permits(server: server, tool: key)
        case .prompts: prompts.permits(server: server, tool: key)
        case .resources: permits(resource: key, of: server)
        case .resourceTemplates: resources.permits(server: server, tool: key)
        }
    }
}
