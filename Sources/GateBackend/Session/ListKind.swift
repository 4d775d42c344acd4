import GateProtocol

/// What a server lists, one list each.
package enum ListKind: String, Sendable, Hashable, CaseIterable {
    case tools
    case resources
    case resourceTemplates
    case prompts

    package var method: StaticString {
        switch self {
        case .tools: MCPMethod.toolsList
        case .resources: MCPMethod.resourcesList
        case .resourceTemplates: MCPMethod.resourceTemplatesList
        case .prompts: MCPMethod.promptsList
        }
    }

    /// The member of a result that has the list.
    package var member: StaticString {
        switch self {
        case .tools: "tools"
        case .resources: "resources"
        case .resourceTemplates: "resourceTemplates"
        case .prompts: "prompts"
        }
    }
}

extension Set<ListKind> {
    package static let all = Set(ListKind.allCases)
    /// Resources and their templates change together: the protocol has one notice for both.
    static let resources: Set<ListKind> = [.resources, .resourceTemplates]

    /// The lists of which a notice says that they have changed; nil for other notices.
    init?(_ notice: WireMessage) {
        if notice.isMethod(MCPMethod.toolsChanged) {
            self = [.tools]
        } else if notice.isMethod(MCPMethod.resourcesChanged) {
            self = .resources
        } else if notice.isMethod(MCPMethod.promptsChanged) {
            self = [.prompts]
        } else {
            return nil
        }
    }
}
