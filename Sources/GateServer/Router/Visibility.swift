/// Which servers' tools a caller sees.
package enum Visibility: Sendable, Hashable {
    case all
    /// Only these servers, sorted and without repetition: `/mcp/{server}` and `?servers=a,b`.
    case servers([String])

    /// The visibility of a list of names as a caller wrote it.
    package init(servers: [String]) {
        self = .servers(Set(servers).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    }

    package func sees(_ server: String) -> Bool {
        switch self {
        case .all: true
        case .servers(let names): names.contains { $0.utf8.elementsEqual(server.utf8) }
        }
    }
}
