import GateBackend
import GateCore
import NIOCore

/// News of what a server offers.
struct CatalogUpdate: Sendable {
    /// What it has listed; a list that is missing stays as it was.
    var lists: [ListKind: ListedItems] = [:]
    /// What it says it can do; nil when that is not known.
    var offers: BackendOffers?
    var title: String?
    var instructions: String?
    var filters = CatalogFilters.none
    /// What becomes of tools that nobody has approved.
    var integrity = IntegrityPolicy()
    /// Whether it is what was last known, not yet confirmed by the server.
    var isStale = false

    /// Of a server that offers nothing, for now.
    static var nothing: CatalogUpdate {
        CatalogUpdate(
            lists: Dictionary(uniqueKeysWithValues: ListKind.allCases.map { ($0, ListedItems()) }), offers: [])
    }
}
