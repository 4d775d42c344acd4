import GateBackend
import GateProtocol
import NIOCore

/// What agents can ask for: one table for both eras.
enum AgentMethod: Sendable, Equatable {
    case initialize
    case discover
    case ping
    case list(ListKind)
    /// A backend carries it out.
    case call(Call)
    case listen
    /// Changes the session.
    case session
    case task

    enum Call: Sendable {
        case tool
        case prompt
        case resource
        case completion
    }

    /// - Returns: nil for what the gateway does not know.
    init?(_ message: WireMessage) {
        guard let method = message.envelope.method else { return nil }
        let found = message.buffer.withUnsafeReadableBytes { text in
            AgentMethod.table.first { JSONString.equal(text, method.content, $0.name) }
        }
        guard let found else { return nil }
        self = found.method
    }

    /// What some server that is seen must say it can do; nil for what the gateway does by itself.
    var needs: BackendOffers? {
        switch self {
        case .list(.resources), .list(.resourceTemplates), .call(.resource): .resources
        case .list(.prompts), .call(.prompt): .prompts
        case .call(.completion): .completions
        default: nil
        }
    }

    /// The ones that are asked for most often first.
    private static let table: [(name: StaticString, method: AgentMethod)] = [
        (MCPMethod.toolsCall, .call(.tool)), (MCPMethod.toolsList, .list(.tools)),
        (MCPMethod.resourcesRead, .call(.resource)), (MCPMethod.promptsGet, .call(.prompt)),
        (MCPMethod.complete, .call(.completion)), (MCPMethod.resourcesList, .list(.resources)),
        (MCPMethod.resourceTemplatesList, .list(.resourceTemplates)), (MCPMethod.promptsList, .list(.prompts)),
        (MCPMethod.discover, .discover), (MCPMethod.ping, .ping), (MCPMethod.initialize, .initialize),
        (MCPMethod.listen, .listen), (MCPMethod.setLevel, .session), (MCPMethod.resourcesSubscribe, .session),
        (MCPMethod.resourcesUnsubscribe, .session), (MCPMethod.tasksGet, .task), (MCPMethod.tasksResult, .task),
        (MCPMethod.tasksList, .task), (MCPMethod.tasksCancel, .task), (MCPMethod.tasksUpdate, .task),
    ]
}
