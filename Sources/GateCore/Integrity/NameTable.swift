/// The names of all tools that were seen, by what they look like.
package struct NameTable: Sendable {
    private var byLook: [ExactText: Set<ToolIdentity>] = [:]
    /// `server_tool`, under which a second tool of a name is listed.
    private var byQualifiedLook: [ExactText: Set<ToolIdentity>] = [:]
    private var known: Set<ToolIdentity> = []
    private var servers: [ExactText: Set<ExactText>] = [:]

    package init() {}

    package mutating func add(_ tool: ToolIdentity) {
        guard known.insert(tool).inserted else { return }
        byLook[NameSkeleton.of(tool.tool), default: []].insert(tool)
        byQualifiedLook[NameSkeleton.of("\(tool.server)_\(tool.tool)"), default: []].insert(tool)
        servers[NameSkeleton.of(tool.server), default: []].insert(ExactText(tool.server))
    }

    package mutating func remove(_ tool: ToolIdentity) {
        guard known.remove(tool) != nil else { return }
        NameTable.remove(tool, &byLook, NameSkeleton.of(tool.tool))
        NameTable.remove(tool, &byQualifiedLook, NameSkeleton.of("\(tool.server)_\(tool.tool)"))
    }

    package mutating func remove(server: String) {
        for tool in known where tool.server.sameBytes(as: server) { remove(tool) }
        NameTable.remove(ExactText(server), &servers, NameSkeleton.of(server))
    }

    private static func remove<Element>(
        _ element: Element, _ table: inout [ExactText: Set<Element>], _ look: ExactText
    ) {
        table[look]?.remove(element)
        if table[look]?.isEmpty == true { table[look] = nil }
    }

    /// What is suspicious about a name beside those that were seen before it.
    ///
    /// Two servers with a tool of the very same name are not: the gateway keeps them apart, and nobody is deceived.
    package func flags(_ tool: ToolIdentity) -> [DefinitionFlag] {
        var flags: [DefinitionFlag] = []
        let look = NameSkeleton.of(tool.tool)
        if let twin = first(byLook[look], { !$0.tool.sameBytes(as: tool.tool) }) {
            flags.append(DefinitionFlag(.lookAlike, path: "name", words: "looks like '\(twin)'"))
        } else if NameSkeleton.mixesAlphabets(tool.tool) {
            flags.append(
                DefinitionFlag(.lookAlike, path: "name", words: "letters of another alphabet that look like Latin ones")
            )
        }
        if look.text.utf8.starts(with: NameSkeleton.of(ToolNaming.reservedPrefix).text.utf8) {
            flags.append(DefinitionFlag(.shadows, path: "name", words: "reads as one of the gateway's own tools"))
        } else if let twin = first(byQualifiedLook[look], { !$0.server.sameBytes(as: tool.server) }) {
            flags.append(DefinitionFlag(.shadows, path: "name", words: "reads as '\(twin)'"))
        }
        if let twin = servers[NameSkeleton.of(tool.server)]?.filter({ !$0.text.sameBytes(as: tool.server) })
            .min(by: { $0.text < $1.text })
        {
            flags.append(
                DefinitionFlag(
                    .lookAlike, path: "", words: "its server '\(tool.server)' looks like server '\(twin.text)'"))
        }
        return flags
    }

    private func first(_ tools: Set<ToolIdentity>?, _ isMeant: (ToolIdentity) -> Bool) -> ToolIdentity? {
        tools?.filter(isMeant).min { "\($0)".utf8.lexicographicallyPrecedes("\($1)".utf8) }
    }
}
