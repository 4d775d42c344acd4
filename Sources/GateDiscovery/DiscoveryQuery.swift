/// What to look for and what the asker may see.
package struct DiscoveryQuery: Sendable {
    /// Whether the asker may see a tool, by server and the tool's own name.
    package typealias Visibility = @Sendable (_ server: String, _ tool: String) -> Bool
    /// How often a tool was called, by server and the tool's own name.
    package typealias Usage = @Sendable (_ server: String, _ tool: String) -> Int

    /// Words, sentences or names in any script. An empty text asks for the list of servers.
    package var text: String
    /// The most hits (for an empty text: servers) of one answer.
    package var limit: Int
    /// How many hits to skip: the cursor of a following page.
    package var offset: Int
    /// Only tools of this server.
    package var server: String?
    /// Tools it denies are neither returned nor counted. `nil` means all are visible.
    package var isVisible: Visibility?
    /// Orders the tools of a server in the answer to an empty text. `nil` keeps the server's own order.
    package var usage: Usage?

    package init(
        text: String, limit: Int = 10, offset: Int = 0, server: String? = nil, isVisible: Visibility? = nil,
        usage: Usage? = nil
    ) {
        self.text = text
        self.limit = limit
        self.offset = offset
        self.server = server
        self.isVisible = isVisible
        self.usage = usage
    }
}
