/// A tool of a backend, found by one of its names.
package struct ToolTarget: Sendable, Hashable {
    package let server: String
    /// The backend's own name for the tool.
    package let tool: String

    package init(server: String, tool: String) {
        self.server = server
        self.tool = tool
    }
}
