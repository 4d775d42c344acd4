import ArgumentParser

/// `stonegate agent …`: who may come in, and as whom.
struct Agents: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agent",
        abstract: "Adds, shows and ends agents with tokens of their own.",
        discussion: """
            As long as there is no agent, everybody who reaches the loopback address may list and call tools. From the first agent on \
            every request needs a token. Agents can also stand in the configuration, as [[agents]].
            """,
        subcommands: [AgentAdd.self, AgentList.self, AgentToken.self, AgentRemove.self])
}
