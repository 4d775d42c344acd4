package import GateCore

/// What a caller sees, and under which names: what it asked to see, of what it may see.
package struct Visibility: Sendable, Hashable {
    /// Which servers' offers a caller asked for.
    package enum Selection: Sendable {
        case all
        /// Only these servers, sorted and without repetition: `?servers=a,b`.
        case servers([String])
        /// One server as if it stood alone: `/mcp/{server}`. Its tools, prompts and resources have its own names, and the gateway's own
        /// tools are not among them.
        case server(String)
    }

    package let selection: Selection
    /// What the caller may use; nil for everything.
    package var access: AccessPolicy?

    package init(_ selection: Selection, access: AccessPolicy? = nil) {
        self.selection = selection
        self.access = access
    }

    /// The visibility of a list of names as a caller wrote it.
    package init(servers: [String], access: AccessPolicy? = nil) {
        let names = Set(servers.map { ExactText($0) }).map(\.text)
        self.init(.servers(names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }), access: access)
    }

    /// The same caller, looking at one server only.
    package func only(_ server: String) -> Visibility { Visibility(servers: [server], access: access) }

    package static let all = Visibility(.all)
    package static func servers(_ names: [String]) -> Visibility { Visibility(.servers(names)) }
    package static func server(_ name: String) -> Visibility { Visibility(.server(name)) }

    /// Whether it is everything there is.
    package var isEverything: Bool { if case .all = selection { access == nil } else { false } }

    /// Whether names are the server's own.
    package var isOneServer: Bool { if case .server = selection { true } else { false } }

    /// Whether a server exists for the caller.
    package func sees(_ server: String) -> Bool { selects(server) && (access?.reaches(server) ?? true) }

    /// Whether a tool, a prompt or a resource, by its server's own name for it, exists for the caller.
    package func sees(_ kind: AccessKind, _ server: String, _ item: String) -> Bool {
        selects(server) && (access?.permits(kind, server: server, item: item) ?? true)
    }

    package func sees(_ tool: ToolTarget) -> Bool { sees(.tool, tool.server, tool.tool) }

    package func sees(_ resource: ResourceTarget) -> Bool { sees(.resource, resource.server, resource.uri) }

    private func selects(_ server: String) -> Bool {
        switch selection {
        case .all: true
        case .servers(let names): names.contains { $0.sameBytes(as: server) }
        case .server(let name): name.sameBytes(as: server)
        }
    }

    /// Lists are kept by visibility: two callers share one only when their names have the same bytes. `String` holds more for equal
    /// (U+212A and K).
    package static func == (left: Visibility, right: Visibility) -> Bool {
        guard left.access == right.access else { return false }
        return switch (left.selection, right.selection) {
        case (.all, .all): true
        case (.servers(let left), .servers(let right)): left.elementsEqual(right) { $0.sameBytes(as: $1) }
        case (.server(let left), .server(let right)): left.sameBytes(as: right)
        default: false
        }
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(access)
        switch selection {
        case .all: hasher.combine(0)
        case .servers(let names): hasher.combine(names.map { ExactText($0) })
        case .server(let name): hasher.combine(ExactText(name))
        }
    }
}
