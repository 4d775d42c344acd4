/// One call that is over, as the log, the statistics and explanations see it. Names are as the caller and the configuration gave them;
/// arguments and results are not in it.
package struct CallRecord: Sendable {
    /// How a call ended.
    package enum Status: String, Sendable, CaseIterable {
        case success
        /// The server answered, and the tool says that it failed.
        case toolError = "tool_error"
        /// The server refused the call or failed.
        case error
        case timeout
        case cancelled
        /// stonegate did not send it: no such tool, a limit, an open circuit, a server that is down.
        case rejected
    }

    /// When it was over, in milliseconds since 1970.
    package var time: Int
    package var correlationID: String
    package var agent: String
    /// Shown by its description, which tells sessions apart for people and does not let anybody pass for one.
    package var session: InstanceOwner?
    /// `mcp`, `rest`; with `async` where nobody waited.
    package var source: String
    package var isAsync = false
    package var server: String
    package var tool: String
    /// `tool`, `prompt`, `resource` or `completion`.
    package var kind: String
    package var status: Status
    /// The failure's code and words.
    package var code: String?
    package var message: String?
    package var wasSent: Bool
    package var bytesIn: Int
    package var bytesOut: Int
    package var total: Duration
    package var facts: CallFacts
    /// What the call was allowed to take, and who said so: `caller`, `server` or `async`.
    package var timeout: Duration?
    package var timeoutRule: String?

    package init(
        time: Int, correlationID: String, agent: String, source: String, server: String, tool: String, kind: String,
        status: Status, wasSent: Bool, bytesIn: Int = 0, bytesOut: Int = 0, total: Duration,
        facts: CallFacts = CallFacts()
    ) {
        self.time = time
        self.correlationID = correlationID
        self.agent = agent
        self.source = source
        self.server = server
        self.tool = tool
        self.kind = kind
        self.status = status
        self.wasSent = wasSent
        self.bytesIn = bytesIn
        self.bytesOut = bytesOut
        self.total = total
        self.facts = facts
    }

    /// Whether it counts as an error in statistics.
    package var isFailure: Bool { status != .success }
}
