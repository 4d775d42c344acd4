import GateBackend
import GateCore
import NIOCore

@testable import GateServer

extension ToolCatalog {
    /// Takes in the tools of a server that offers nothing else.
    func set(tools: [String], of server: String, filter: ToolFilter = .all, isStale: Bool = false) {
        set([.tools: tools], of: server, filters: CatalogFilters(tools: filter), isStale: isStale)
    }

    /// Takes in lists of a server. It offers what it lists, and all that `offers` says.
    func set(
        _ lists: [ListKind: [String]], of server: String, offers: BackendOffers = [], instructions: String? = nil,
        filters: CatalogFilters = .none, isStale: Bool = false
    ) {
        var update = CatalogUpdate(
            lists: lists.mapValues { ListedItems($0.map { ByteBuffer(string: $0) }) }, offers: offers)
        for kind in lists.keys {
            update.offers?.insert(kind == .tools ? .tools : kind == .prompts ? .prompts : .resources)
        }
        update.instructions = instructions
        update.filters = filters
        update.isStale = isStale
        take(update, of: server)
    }
}
