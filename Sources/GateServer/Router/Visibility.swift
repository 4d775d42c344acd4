import GateCore

/// Which servers' tools a caller sees.
package enum Visibility: Sendable, Hashable {
    case all
    /// Only these servers, sorted and without repetition: `/mcp/{server}` and `?servers=a,b`.
    case servers([String])

    /// The visibility of a list of names as a caller wrote it.
    package init(servers: [String]) {
        self = .servers(
            Set(servers.map { ExactText($0) }).map(\.text).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    }

    package func sees(_ server: String) -> Bool {
        switch self {
        case .all: true
        case .servers(let names): names.contains { $0.utf8.elementsEqual(server.utf8) }
        }
    }

    /// Lists of tools are kept by visibility: two callers share one only when their names have the same bytes. `String` holds
    /// more for equal (U+212A and K).
    package static func == (left: Visibility, right: Visibility) -> Bool {
        switch (left, right) {
        case (.all, .all): true
        case (.servers(let left), .servers(let right)): left.elementsEqual(right) { $0.sameBytes(as: $1) }
        default: false
        }
    }

    package func hash(into hasher: inout Hasher) {
        if case .servers(let names) = self { hasher.combine(names.map { ExactText($0) }) }
    }
}
