import GateCore

/// Which servers' offers a caller sees, and under which names.
package enum Visibility: Sendable, Hashable {
    case all
    /// Only these servers, sorted and without repetition: `?servers=a,b`.
    case servers([String])
    /// One server as if it stood alone: `/mcp/{server}`. Its tools, prompts and resources have its own names, and the gateway's own
    /// tools are not among them.
    case server(String)

    /// The visibility of a list of names as a caller wrote it.
    package init(servers: [String]) {
        self = .servers(
            Set(servers.map { ExactText($0) }).map(\.text).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    }

    package func sees(_ server: String) -> Bool {
        switch self {
        case .all: true
        case .servers(let names): names.contains { $0.utf8.elementsEqual(server.utf8) }
        case .server(let name): name.utf8.elementsEqual(server.utf8)
        }
    }

    /// Whether names are the server's own.
    package var isOneServer: Bool { if case .server = self { true } else { false } }

    /// Lists are kept by visibility: two callers share one only when their names have the same bytes. `String` holds more for equal
    /// (U+212A and K).
    package static func == (left: Visibility, right: Visibility) -> Bool {
        switch (left, right) {
        case (.all, .all): true
        case (.servers(let left), .servers(let right)): left.elementsEqual(right) { $0.sameBytes(as: $1) }
        case (.server(let left), .server(let right)): left.sameBytes(as: right)
        default: false
        }
    }

    package func hash(into hasher: inout Hasher) {
        switch self {
        case .all: hasher.combine(0)
        case .servers(let names): hasher.combine(names.map { ExactText($0) })
        case .server(let name): hasher.combine(ExactText(name))
        }
    }
}
