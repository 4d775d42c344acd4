/// What a call met on its way to its server, and how long each part took.
package struct CallFacts: Sendable, Equatable {
    /// The part of the way on which a call is.
    package enum Stage: Sendable {
        /// In stonegate's own hands.
        case gateway
        /// Waiting for a server that is starting or not connected.
        case startup
        /// Waiting for a place at a server that is busy.
        case queue
        /// At the server.
        case backend
    }

    package private(set) var startup: Duration = .zero
    package private(set) var queue: Duration = .zero
    package private(set) var backend: Duration = .zero
    /// How often it was sent, or tried to be.
    package var attempts = 0
    /// Why it was sent again: the codes of the failures before.
    package var repeats: [String] = []
    /// As the call found it.
    package var circuit = CircuitBreaker.State.closed
    /// Which of the server's instances took it, and how many there were; nil where there is only one.
    package var instance: Int?
    package var instances: Int?
    /// Calls at the server, and waiting for it, when it came.
    package var inFlight = 0
    package var waiting = 0

    private var stage = Stage.gateway
    private var since: Instant?

    package init() {}

    /// The call goes on to the next part of its way.
    package mutating func enter(_ next: Stage, now: Instant) {
        if let since {
            let passed = since.duration(to: now)
            switch stage {
            case .gateway: break
            case .startup: startup += passed
            case .queue: queue += passed
            case .backend: backend += passed
            }
        }
        stage = next
        since = now
    }
}
