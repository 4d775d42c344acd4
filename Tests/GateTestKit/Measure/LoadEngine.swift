#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The clients of a ``Load`` on one thread: a `poll` loop over their connections.
struct LoadEngine {
    private struct Client {
        var descriptor: Int32 = -1
        var sending: ArraySlice<UInt8> = []
        var received: [UInt8] = []
        /// Set while a call is under way.
        var start: ContinuousClock.Instant?
        var number = 0
        var due: ContinuousClock.Instant
        var isDone = false
    }

    private let plan: Load.Plan
    private let wakeUp: Int32
    private var clients: [Client]
    private var begun = 0
    private var finished: [CallRecord] = []

    init(_ plan: Load.Plan, wakeUp: Int32) {
        self.plan = plan
        self.wakeUp = wakeUp
        let now = ContinuousClock.now
        let count = max(1, plan.connections)
        clients = (0..<count).map { index in
            Client(due: now + (plan.interval ?? .zero) * Double(index) / Double(count))
        }
    }

    mutating func run(isStopping: () -> Bool, note: ([CallRecord], Int) -> Void) {
        while true {
            let stops = isStopping()
            let now = ContinuousClock.now
            for index in clients.indices where clients[index].start == nil && !clients[index].isDone {
                if stops || plan.total.map({ begun >= $0 }) == true {
                    clients[index].isDone = true
                } else if clients[index].due <= now {
                    begin(index, now: now)
                }
            }
            for index in clients.indices {
                if let start = clients[index].start, now - start > plan.patience { fail(index) }
            }
            note(finished, clients.count { $0.start != nil })
            finished.removeAll(keepingCapacity: true)
            if clients.allSatisfy(\.isDone) { break }
            wait(now: now)
        }
        for client in clients where client.descriptor >= 0 { close(client.descriptor) }
    }

    private mutating func begin(_ index: Int, now: ContinuousClock.Instant) {
        let number = begun
        begun += 1
        clients[index].number = number
        // A client that was busy when this call was due makes it wait: that counts. One that woke late does not.
        let wasBusy = clients[index].due + .milliseconds(5) < now && plan.interval != nil
        clients[index].start = wasBusy ? clients[index].due : now
        if clients[index].descriptor < 0 {
            guard let descriptor = try? Sockets.connected(to: plan.port) else { return fail(index) }
            _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
            clients[index].descriptor = descriptor
        }
        clients[index].received.removeAll(keepingCapacity: true)
        clients[index].sending = plan.request(number)[...]
        push(index)
    }

    private mutating func push(_ index: Int) {
        while !clients[index].sending.isEmpty {
            let descriptor = clients[index].descriptor
            let count = clients[index].sending.withUnsafeBytes { raw in
                #if os(Linux)
                    send(descriptor, raw.baseAddress, raw.count, Int32(MSG_NOSIGNAL))
                #else
                    send(descriptor, raw.baseAddress, raw.count, 0)
                #endif
            }
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN { return }
            guard count > 0 else { return fail(index) }
            clients[index].sending = clients[index].sending.dropFirst(count)
        }
    }

    private mutating func pull(_ index: Int) {
        withUnsafeTemporaryAllocation(byteCount: 65536, alignment: 1) { chunk in
            while true {
                let count = recv(clients[index].descriptor, chunk.baseAddress, chunk.count, 0)
                if count < 0, errno == EINTR { continue }
                if count < 0, errno == EAGAIN { return }
                guard count > 0 else { return fail(index) }
                clients[index].received.append(contentsOf: chunk.prefix(count))
                if LoadReply.isComplete(clients[index].received) { return finish(index) }
                if count < chunk.count { return }
            }
        }
    }

    private mutating func finish(_ index: Int) {
        guard let start = clients[index].start else { return fail(index) }
        let reply = LoadReply(clients[index].received)
        record(index, reply.record(clients[index].number, from: start, to: .now))
        if reply.closes { hangUp(index) }
    }

    private mutating func fail(_ index: Int) {
        hangUp(index)
        guard let start = clients[index].start else { return }
        record(
            index,
            CallRecord(
                number: clients[index].number, start: start, end: .now, status: 0, code: "NO_ANSWER", sent: nil,
                retryable: nil, hasRetryAfter: false))
    }

    private mutating func record(_ index: Int, _ call: CallRecord) {
        finished.append(call)
        clients[index].start = nil
        clients[index].due = plan.interval.map { max(clients[index].due + $0, call.start) } ?? .now
        // A refused connection is not tried again at once.
        if call.status == 0, plan.interval == nil { clients[index].due = .now + .milliseconds(5) }
    }

    private mutating func hangUp(_ index: Int) {
        if clients[index].descriptor >= 0 { close(clients[index].descriptor) }
        clients[index].descriptor = -1
        clients[index].sending = []
    }

    private mutating func wait(now: ContinuousClock.Instant) {
        var states = [pollfd(fd: wakeUp, events: Int16(POLLIN), revents: 0)]
        var owners = [-1]
        var next = now + .milliseconds(200)
        for index in clients.indices where !clients[index].isDone {
            let client = clients[index]
            if client.start == nil { next = min(next, client.due) }
            guard client.descriptor >= 0 else { continue }
            let events = client.sending.isEmpty ? POLLIN : POLLIN | POLLOUT
            states.append(pollfd(fd: client.descriptor, events: Int16(events), revents: 0))
            owners.append(index)
        }
        // Rounded up: a call that is sent a little late is measured from when it was sent.
        let milliseconds = max(0, (next - .now).milliseconds.rounded(.up))
        let count = poll(&states, nfds_t(states.count), Int32(milliseconds))
        guard count > 0 else { return }
        if states[0].revents != 0 {
            var byte: UInt8 = 0
            _ = read(wakeUp, &byte, 1)
        }
        for (state, index) in zip(states, owners) where index >= 0 && state.revents != 0 {
            if clients[index].start == nil {
                // The gateway closed a connection that was idle.
                hangUp(index)
                continue
            }
            if state.revents & Int16(POLLOUT) != 0 { push(index) }
            if state.revents & Int16(POLLIN | POLLHUP | POLLERR) != 0, clients[index].start != nil { pull(index) }
        }
    }
}
