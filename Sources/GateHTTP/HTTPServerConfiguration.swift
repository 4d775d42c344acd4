package import GateTLS

/// What a server listens on and the bounds it keeps.
package struct HTTPServerConfiguration: Sendable {
    /// The addresses to listen on; at least one.
    package var addresses: [HTTPBindAddress]
    package var limits: HTTPLimits
    /// Whether a client may close its sending half and still wait for the response. When false, the end of the client's
    /// stream means that the client has gone.
    package var allowsHalfClosure: Bool
    /// How often the timers are checked. They never fire early, and late by at most two intervals. With nil nothing is checked
    /// until `HTTPServer.sweep(now:)` is called; that is for tests.
    package var sweepInterval: Duration?
    /// Length of the kernel's queue of connections that wait to be accepted.
    package var backlog: Int
    /// Whether the process can hold one more connection; if not, it is refused.
    package var hasRoom: @Sendable () -> Bool = { true }

    /// What clients speak TLS with; nil for plain HTTP. Clients on this machine may speak plain HTTP all the same.
    package var tls: TLSSource?

    package init(
        addresses: [HTTPBindAddress], limits: HTTPLimits = HTTPLimits(), allowsHalfClosure: Bool = false,
        sweepInterval: Duration? = .seconds(1), backlog: Int = 1024
    ) {
        self.addresses = addresses
        self.limits = limits
        self.allowsHalfClosure = allowsHalfClosure
        self.sweepInterval = sweepInterval
        self.backlog = backlog
    }
}
