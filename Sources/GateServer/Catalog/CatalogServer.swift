import GateBackend
import GateCore

/// What a snapshot of the catalog knows of a server besides its lists.
struct CatalogServer: Sendable {
    let name: String
    /// Nil as long as the server has not been heard of.
    let offers: BackendOffers?
    let title: String?
    let instructions: String?
    let filters: CatalogFilters
    /// For how long and for whom its lists are good.
    let terms: [ListKind: CacheTerms]

    init(_ name: String, _ entry: CatalogEntry?, isDisabled: Bool = false) {
        self.name = name
        offers = isDisabled ? [] : entry?.offers
        title = entry?.title
        instructions = entry?.instructions
        filters = entry?.filters ?? .none
        var terms: [ListKind: CacheTerms] = [:]
        for kind in ListKind.allCases { terms[kind] = entry?.terms(kind) }
        self.terms = terms
    }

    /// Whether it may have resources: it says so, or nobody knows yet.
    var mayHaveResources: Bool { offers?.contains(.resources) ?? true }
}
