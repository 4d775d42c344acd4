import ArgumentParser

/// `stonegate authority …`: a license authority of one's own.
struct AuthorityCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "authority",
        abstract: "Issues licenses and answers the gateways that use them.",
        discussion: """
            Anyone can run one. Gateways trust it when their configuration names its keys: [license] trusted_keys.

              stonegate authority init                             make the keys; prints the line for trusted_keys
              stonegate authority issue --tier pro --seats 3       prints a license key, this once
              stonegate authority serve                            answer gateways
            """,
        subcommands: [
            AuthorityInit.self, AuthorityKeysCommand.self, AuthorityIssue.self, AuthorityList.self,
            AuthorityRevoke.self, AuthorityRestore.self, AuthorityRelease.self, AuthorityRotate.self,
            AuthorityJournal.self, AuthorityServe.self,
        ])
}
