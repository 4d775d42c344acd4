import GateProtocol
package import NIOCore

/// What a caller wants of a backend. Names are the backend's own.
package enum BackendOperation: Sendable {
    /// `tools/call`; the arguments as JSON text of an object.
    case tool(String, arguments: ByteBuffer?)
    /// `prompts/get`; the arguments as JSON text of an object.
    case prompt(String, arguments: ByteBuffer?)
    /// `resources/read`.
    case resource(uri: String)
    /// `completion/complete`: the members of `params` (`ref`, `argument`, `context`) as JSON text without braces and `_meta`,
    /// with the backend's own names in `ref`.
    case completion(ByteBuffer, of: String)

    /// The tool, prompt or resource it is about.
    package var item: String {
        switch self {
        case .tool(let name, _), .prompt(let name, _), .completion(_, let name): name
        case .resource(let uri): uri
        }
    }

    var method: StaticString {
        switch self {
        case .tool: MCPMethod.toolsCall
        case .prompt: MCPMethod.promptsGet
        case .resource: MCPMethod.resourcesRead
        case .completion: MCPMethod.complete
        }
    }

    /// Whether a backend may ask its questions while it works on it (2026-07-28 allows `input_required` for these).
    package var mayAsk: Bool {
        if case .completion = self { false } else { true }
    }
}
