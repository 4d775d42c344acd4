import GateClient
import GateProtocol

/// A tool of a server.
struct CallTarget: Sendable {
    let server: String
    let tool: String

    var name: String { "\(server)/\(tool)" }
    var schemaPath: String { GateClient.schemaPath(server: server, tool: tool) }
}

extension GateClient {
    /// Finds the server of a tool that is named without it.
    func target(_ name: ToolName) async throws(GateError) -> CallTarget {
        if let server = name.server { return CallTarget(server: server, tool: name.tool) }
        let tools = try await tools().tools
        let exposed = tools.filter { $0.name.utf8.elementsEqual(name.tool.utf8) }
        let found = exposed.isEmpty ? tools.filter { $0.tool.utf8.elementsEqual(name.tool.utf8) } : exposed
        guard let first = found.first else {
            throw GateError(.toolNotFound, "There is no tool '\(name.tool)'.", source: .caller, tool: name.tool)
        }
        guard found.count == 1 else {
            let all = found.map { "\($0.server)/\($0.tool)" }.joined(separator: ", ")
            throw GateError(.ambiguousTool, "Several servers have a tool '\(name.tool)': \(all).", source: .caller)
        }
        return CallTarget(server: first.server, tool: first.tool)
    }
}
