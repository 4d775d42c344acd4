/// A tool as its backend knows it: the configured name of the server and the tool's original name, compared by bytes.
package struct ToolIdentity: Hashable, Sendable, CustomStringConvertible {
    package let server: String
    package let tool: String

    package init(server: String, tool: String) {
        self.server = server
        self.tool = tool
    }

    /// The `server/tool` form, which calls always accept.
    package var description: String { "\(server)/\(tool)" }

    package static func == (lhs: ToolIdentity, rhs: ToolIdentity) -> Bool {
        lhs.server.sameBytes(as: rhs.server) && lhs.tool.sameBytes(as: rhs.tool)
    }

    package func hash(into hasher: inout Hasher) {
        server.hashBytes(into: &hasher)
        tool.hashBytes(into: &hasher)
    }
}
