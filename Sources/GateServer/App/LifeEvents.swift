import Dispatch

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What tells a running gateway to stop or to look at its configuration: signals, the file, clients.
final class LifeEvents {
    enum Event: Sendable, Equatable {
        /// SIGTERM or SIGINT. The second one ends the process at once.
        case stop
        /// A client wants the gateway to stop. While it is stopping, this means nothing more.
        case stopRequest
        /// SIGHUP.
        case reload
        /// The configuration file may have changed.
        case fileChanged
        /// The gateway has stopped.
        case stopped
    }

    /// In the order they come, until ``Event/stopped``.
    let stream: AsyncStream<Event>
    /// Adds an event, from any thread.
    let post: @Sendable (Event) -> Void
    private let sources: [any DispatchSourceSignal]

    init() {
        // A write to a closed pipe must not end the gateway, nor a signal that means nothing here.
        for number in [SIGPIPE, SIGUSR1, SIGUSR2] { signal(number, SIG_IGN) }
        let (stream, continuation) = AsyncStream<Event>.makeStream()
        self.stream = stream
        post = { continuation.yield($0) }
        let hangUp = HangUp()
        sources = [SIGTERM, SIGINT, SIGHUP].map { number in
            // The default action would end the process before the source sees the signal.
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                continuation.yield(number == SIGHUP ? hangUp.meaning : .stop)
            }
            source.resume()
            return source
        }
    }

    deinit {
        for source in sources { source.cancel() }
    }
}

/// SIGHUP means "read the configuration again", unless the terminal that the gateway was started in has been closed: that sends it
/// as well, and nobody wants a gateway to go on in a window that is gone.
struct HangUp: Sendable {
    private let hadTerminal: Bool

    init() { self.init(hadTerminal: isatty(STDERR_FILENO) == 1) }
    init(hadTerminal: Bool) { self.hadTerminal = hadTerminal }

    var meaning: LifeEvents.Event { meaning(hasTerminal: isatty(STDERR_FILENO) == 1) }

    func meaning(hasTerminal: Bool) -> LifeEvents.Event { hadTerminal && !hasTerminal ? .stop : .reload }
}
