/// What kinds of things access is given to.
package enum AccessKind: String, Sendable, CaseIterable {
    case tool, resource, prompt
}

/// What a tenant or an agent may use: patterns that allow and patterns that forbid, by kind. What no pattern allows is not allowed; one
/// that forbids wins.
package struct AccessRules: Hashable, Sendable {
    /// Allow and deny for one kind.
    package struct List: Hashable, Sendable {
        package var allow: [AccessPattern]
        package var deny: [AccessPattern]

        package static let none = List(allow: [], deny: [])
        package static let all = List(allow: [.everything], deny: [])

        package init(allow: [AccessPattern], deny: [AccessPattern]) {
            self.allow = allow
            self.deny = deny
        }

        func permits(server: String, item: String) -> Bool {
            !deny.contains { $0.matches(server: server, item: item) }
                && allow.contains { $0.matches(server: server, item: item) }
        }

        /// Whether anything of a server can be allowed.
        func reaches(_ server: String) -> Bool {
            allow.contains { $0.server.matches(server) }
                && !deny.contains { $0.item.isEverything && $0.server.matches(server) }
        }
    }

    /// Whose rules they are, for people: `tenant 'acme'`, `agent 'acme/ci'`.
    package let owner: String
    package var tools: List
    package var resources: List
    package var prompts: List

    package init(owner: String, tools: List, resources: List = .none, prompts: List = .none) {
        self.owner = owner
        self.tools = tools
        self.resources = resources
        self.prompts = prompts
    }

    package func list(_ kind: AccessKind) -> List {
        switch kind {
        case .tool: tools
        case .resource: resources
        case .prompt: prompts
        }
    }
}

extension AccessPattern {
    package static let everything = AccessPattern(server: Glob("*".utf8), item: Glob("*".utf8))

    private init(server: Glob, item: Glob) {
        self.server = server
        self.item = item
    }
}
