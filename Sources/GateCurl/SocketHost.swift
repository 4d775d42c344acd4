/// The sockets of one agent: what libcurl wants of them, and the poller that watches. Agent thread only.
final class SocketHost {
    private let poller: Poller
    private var table = SocketTable()

    init(poller: Poller) {
        self.poller = poller
    }

    func opened(_ descriptor: Int32) { table.opened(descriptor) }

    func closed(_ descriptor: Int32) {
        table.closed(descriptor)
        poller.forget(descriptor)
    }

    /// False when the system cannot watch the socket.
    func want(_ interest: PollerInterest, _ descriptor: Int32) -> Bool {
        guard let change = table.want(interest, descriptor) else { return true }
        return poller.set(descriptor, from: change.from, to: change.to) || interest.isEmpty
    }

    func wait(milliseconds: Int32, awake: () -> Void, ready: (Int32, PollerInterest) -> Void) {
        poller.wait(milliseconds: milliseconds, awake: awake) { descriptor, interest in
            let (isWanted, change) = table.ready(descriptor)
            if let change { _ = poller.set(descriptor, from: change.from, to: change.to) }
            if isWanted { ready(descriptor, interest) }
        }
    }
}
