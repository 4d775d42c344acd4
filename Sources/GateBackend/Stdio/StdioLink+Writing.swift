import GateCore
import NIOCore
import Synchronization

/// The way to the child, and what becomes of it when the child does not read.
extension StdioLink {
    /// A request that is given up half written is only waited for when the child still reads: at least this lately.
    private static let halfWrittenPatience = Duration.seconds(1)

    /// From any thread. What comes before the loop gets to it leaves together.
    package func send(_ message: OutboundMessage) {
        let (isTaken, startsWriting) = state.withLock { state in
            guard !state.closed, state.outbox.add(message.key, message.body) else { return (false, false) }
            defer { state.isWriting = true }
            return (true, !state.isWriting)
        }
        if startsWriting { loop.execute { self.write() } }
        if isTaken { return }
        // On the loop, so that a link that is just being closed is known to be so when the caller hears of it.
        guard let key = message.key else { return }
        loop.execute {
            let why = self.state.withLock { $0.closed } ? "it has ended" : "it does not read its input"
            self.receiver?.linkFailed(exchange: key, LinkFailure(.network, why, sent: false))
        }
    }

    @discardableResult
    package func abandon(_ key: UInt64) -> Bool {
        switch state.withLock({ $0.outbox.withdraw(key) }) {
        case .withdrawn: return true
        case .gone: return false
        case .leaving:
            // Its line is completed should the child read on. If the child has stopped reading, it is replaced now.
            loop.execute { self.judge(patience: min(StdioLink.halfWrittenPatience, self.limits.writeStall)) }
            return false
        }
    }

    private func write() {
        let channel = state.withLock { state in
            state.isWriting = false
            return state.closed ? nil : state.input
        }
        guard let channel else { return }
        handOver(to: channel)
        watch()
    }

    private func handOver(to channel: any Channel) {
        var hasMore = false
        while let body = state.withLock({ $0.outbox.next() }) {
            hasMore = true
            channel.write(body).whenSuccess {
                self.state.withLock { $0.outbox.wrote() }
                self.handOver(to: channel)
            }
        }
        if hasMore { channel.flush() }
    }

    // MARK: A child that does not read

    /// Bytes that the channel still holds; nil when it cannot tell.
    var unwritten: Int? {
        let channel = state.withLock { $0.input }
        return try? channel?.syncOptions?.getOption(.bufferedWritableBytes)
    }

    /// Looks after what could not be written at once, until it is.
    private func watch() {
        let starts = state.withLock { state in
            guard !state.isWatching, !state.closed, !state.outbox.isIdle else { return false }
            state.isWatching = true
            return true
        }
        if starts { judge(patience: limits.writeStall, isWatch: true) }
    }

    private func judge(patience: Duration, isWatch: Bool = false) {
        let unwritten = self.unwritten
        let (isDead, goesOn) = state.withLock { state in
            guard !state.closed else { return (false, false) }
            let isDead = state.outbox.stalled(unwritten: unwritten, now: .now) >= patience && !state.outbox.isIdle
            if isWatch { state.isWatching = !state.outbox.isIdle && !isDead }
            return (isDead, isWatch && state.isWatching)
        }
        if isDead { return broken("it stopped reading its input") }
        guard goesOn else { return }
        let interval = min(max(patience / 8, .milliseconds(10)), .milliseconds(250))
        loop.scheduleTask(in: .nanoseconds(interval.wholeNanoseconds)) { self.judge(patience: patience, isWatch: true) }
    }
}
