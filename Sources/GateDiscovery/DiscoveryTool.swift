/// A tool as the index sees it: names and texts, nothing that is needed to call it.
package struct DiscoveryTool: Sendable, Hashable {
    /// A named argument of the tool with the text that explains it (may be empty).
    package struct Parameter: Sendable, Hashable {
        package var name: String
        package var description: String

        package init(name: String, description: String = "") {
            self.name = name
            self.description = description
        }
    }

    /// The tool's own name on its server.
    package var name: String
    /// The name agents call it by; equal to `name` unless the gateway renamed it.
    package var exposedName: String
    package var title: String?
    package var description: String
    package var parameters: [Parameter]

    package init(
        name: String, exposedName: String? = nil, title: String? = nil, description: String = "",
        parameters: [Parameter] = []
    ) {
        self.name = name
        self.exposedName = exposedName ?? name
        self.title = title
        self.description = description
        self.parameters = parameters
    }
}
