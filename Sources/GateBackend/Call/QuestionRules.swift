import GateProtocol

/// Whether and how a backend of the session revisions may ask.
package struct QuestionRules: Sendable {
    /// It is told that nobody can be asked.
    package var isOff = false
    /// Where messages do not say which call they belong to, calls run one after the other.
    package var isOneAtATime = false
    /// How long an agent may take to answer.
    package var timeout = Duration.seconds(300)
    /// Roots by URI, for when no agent can be asked; none means that it is not told of roots.
    package var roots: [String] = []

    /// Questions of one call that are open at once.
    static let maxOpenPerCall = 16
    /// Of all calls of one connection.
    static let maxOpen = 128

    package init(
        isOff: Bool = false, isOneAtATime: Bool = false, timeout: Duration = .seconds(300), roots: [String] = []
    ) {
        self.isOff = isOff
        self.isOneAtATime = isOneAtATime
        self.timeout = timeout
        self.roots = roots
    }

    /// What `initialize` declares: all that some agent may be able to answer, because it cannot be changed later. Roots only
    /// where the operator named some: servers replace the folders they were started with by what they are told.
    var declared: ClientCapabilities {
        let roots: ClientCapabilities = self.roots.isEmpty ? [] : .roots
        return isOff ? roots : ClientCapabilities.questions.subtracting(.roots).union(roots)
    }
}
