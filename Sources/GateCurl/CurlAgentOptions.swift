/// Settings of one agent, fixed when it is made.
package struct CurlAgentOptions: Sendable {
    /// The thread's name; at most 15 bytes are kept.
    package var name = "curl-agent"

    /// Open connections to one host and port; further transfers wait. 0 for no limit.
    package var maxConnectionsPerHost = 0

    /// Idle connections kept for reuse beside those in use, over all hosts. Taken down to this as calls come and go.
    package var maxIdleConnections = 256

    /// A connection idle for longer is closed instead of reused. Whole seconds. Keep it below the servers' own limits: a
    /// connection that the server closes at the moment it is reused costs a call.
    package var maxIdleAge: Duration = .seconds(60)

    /// A connection older than this is not reused, so that changes of addresses and certificates take effect.
    package var maxConnectionAge: Duration = .seconds(3600)

    package var headerLimits = CurlHeaderLimits()

    package init() {}
}
