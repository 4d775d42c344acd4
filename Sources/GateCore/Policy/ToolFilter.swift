/// Which tools of a backend exist for the gateway: allow and deny patterns.
///
/// Deny wins over allow. An empty allow list allows everything, so that a filter with only `deny` means "all but".
package struct ToolFilter: Hashable, Sendable {
    package let allow: [ToolPattern]
    package let deny: [ToolPattern]

    /// Lets every tool pass.
    package static let all = ToolFilter(allow: [], deny: [])

    package init(allow: [ToolPattern], deny: [ToolPattern]) {
        self.allow = allow
        self.deny = deny
    }

    package func permits(server: String, tool: String) -> Bool {
        if deny.contains(where: { $0.matches(server: server, tool: tool) }) { return false }
        return allow.isEmpty || allow.contains { $0.matches(server: server, tool: tool) }
    }
}
