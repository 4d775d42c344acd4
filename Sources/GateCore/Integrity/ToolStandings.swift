/// What was found out about the tools that one instance of a server lists.
package struct ToolStandings: Sendable, Equatable {
    /// The definition of each.
    package var digests: [ExactText: DefinitionDigest] = [:]
    /// Those that are not approved as they are: before a call it is asked whether they may be called.
    package var doubtful: Set<ExactText> = []

    package init() {}
}
