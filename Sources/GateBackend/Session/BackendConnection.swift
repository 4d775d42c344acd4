import GateCore
package import GateProtocol
package import Logging
package import NIOCore
import Synchronization

/// One live MCP conversation with a backend: gives requests their ids, matches answers to them, and knows the era in force.
///
/// It owns its link. Requests may come from any thread; what the link delivers is handled on the thread it comes on.
package final class BackendConnection: MessageLinkReceiver {
    struct State {
        var table = PendingTable()
        var era = ProtocolEra.legacy
        var link: (any MessageLink)?
        var isSweeping = false
        var strayMessages = 0
        /// Calls that ran out of time since the backend answered last.
        var unanswered = 0
        var questions = QuestionTable()
        /// Whether the backend makes tasks of tools' calls: when it is asked to (2025-11-25), or by itself (2026-07-28).
        var takesTasks = false
        var givenUp = GivenUpCalls()
        /// Questions that were put to nobody, and log messages that nobody got.
        var refusedQuestions = 0
        var droppedLogs = 0
        /// It was found out that the backend speaks another era by now.
        var isOutdated = false
        /// The level that a backend of the session revisions was told last; nil when it was told none.
        var logLevel: LogLevel?
        /// Whether it can be told one.
        var takesLogLevel = false
        var onNotice: (@Sendable (WireMessage) -> Void)?
        var onClose: (@Sendable (String) -> Void)?
        var onSessionLost: (@Sendable () -> Void)?
    }

    /// How finely deadlines are kept.
    private static let sweepInterval = TimeAmount.milliseconds(25)

    package let server: String
    package let eventLoop: any EventLoop
    let limits: JSONLimits
    let rules: QuestionRules
    let logger: Logger?
    let state = Mutex(State())

    package init(
        server: String, eventLoop: any EventLoop, limits: JSONLimits = .standard, rules: QuestionRules = .init(),
        logger: Logger? = nil
    ) {
        self.logger = logger
        self.server = server
        self.eventLoop = eventLoop
        self.limits = limits
        self.rules = rules
    }

    /// Gives the connection its link. To be called once, before the first request.
    package func attach(_ link: any MessageLink) {
        state.withLock { $0.link = link }
    }

    /// Sets what gets the backend's notifications (progress aside), the end of the connection, and the news that the server has
    /// forgotten the session.
    package func observe(
        onNotice: @escaping @Sendable (WireMessage) -> Void, onClose: @escaping @Sendable (String) -> Void,
        onSessionLost: @escaping @Sendable () -> Void = {}
    ) {
        let closed = state.withLock { state in
            if let closed = state.table.closed { return closed as String? }
            state.onNotice = onNotice
            state.onClose = onClose
            state.onSessionLost = onSessionLost
            return nil
        }
        if let closed { onClose(closed) }
    }

    package var era: ProtocolEra {
        get { state.withLock { $0.era } }
        set { state.withLock { $0.era = newValue } }
    }

    package var inFlight: Int { state.withLock { $0.table.count } }
    /// Messages that were no answer to anything, or no message at all.
    package var strayMessages: Int { state.withLock { $0.strayMessages } }
    package var refusedQuestions: Int { state.withLock { $0.refusedQuestions } }
    package var droppedLogs: Int { state.withLock { $0.droppedLogs } }
    var isOutdated: Bool {
        get { state.withLock { $0.isOutdated } }
        set { state.withLock { $0.isOutdated = newValue } }
    }
    /// Whether all that comes says by its stream which call it belongs to.
    var tellsExchanges: Bool { state.withLock { $0.link }?.tellsExchanges ?? false }
    /// Why the conversation has ended; nil while it goes on.
    package var closeReason: String? { state.withLock { $0.table.closed } }
    /// Whether its silence may be work: calls are running, and since its last answer none has run out of time.
    var isWorking: Bool { state.withLock { $0.unanswered == 0 && $0.table.holdsCalls } }

    /// Sends a request and waits for its answer: a result or the backend's JSON-RPC error, both as they came.
    ///
    /// Cancelling the task gives the request up and tells the backend.
    /// - Throws: `BACKEND_DOWN` (not sent), `BACKEND_DIED`, `OUTCOME_UNKNOWN`, `TIMEOUT`, `CANCELLED` or
    ///   `BACKEND_PROTOCOL_ERROR`.
    package func send(_ request: BackendRequest) async throws(GateError) -> WireMessage {
        let (key, era) = state.withLock { ($0.table.makeKey(), request.era ?? $0.era) }
        return try await send(request, key: key, era: era)
    }

    /// An id for a request of which others have to know it.
    func makeKey() -> UInt64 { state.withLock { $0.table.makeKey() } }

    func send(_ request: BackendRequest, key: UInt64) async throws(GateError) -> WireMessage {
        try await send(request, key: key, era: request.era ?? era)
    }

    private func send(
        _ request: BackendRequest, key: UInt64, era: ProtocolEra
    ) async throws(GateError) -> WireMessage {
        let message = OutboundMessage(
            key: key, method: request.method, name: request.mirroredName,
            headers: request.headers(era: era),
            body: request.encoded(key: key, era: era),
            era: era)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (reply: PendingTable.Reply) in
                begin(key, request, message, reply)
                // A task that was cancelled before the entry existed is not told again.
                if Task.isCancelled { giveUp(key) }
            }
        } onCancel: {
            giveUp(key)
        }
        return try result.get()
    }

    /// Sends a notification, or an answer to the backend's own request.
    func post(_ method: StaticString, _ body: ByteBuffer) {
        let (link, era) = state.withLock { ($0.link, $0.era) }
        link?.send(OutboundMessage(key: nil, method: method, body: body, era: era))
    }

    /// Ends the conversation when the calls that are open have their answers: with nothing wrong but that the backend wants to
    /// be greeted anew, they get them.
    func retire() async {
        await withCheckedContinuation { waiter in state.withLock { $0.table.whenIdle(waiter) } }
        await close()
    }

    package func close() async {
        let link = state.withLock { $0.link }
        await link?.close()
        linkClosed("the gateway closed the connection")
    }

    private func begin(
        _ key: UInt64, _ request: BackendRequest, _ message: OutboundMessage, _ reply: PendingTable.Reply
    ) {
        let entry = PendingTable.Entry(
            reply: reply, deadline: request.deadline, isCancellable: request.isCancellable,
            listener: request.listener, owner: request.owner)
        let (link, closed, startsSweep) = state.withLock { state in
            guard state.table.closed == nil, let link = state.link else {
                return (nil as (any MessageLink)?, state.table.closed ?? "it is not connected", false)
            }
            state.table.insert(entry, key: key)
            let starts = !state.isSweeping && request.deadline != nil
            if starts { state.isSweeping = true }
            return (link, "", starts)
        }
        guard let link else {
            reply.resume(returning: .failure(down(closed)))
            return
        }
        link.send(message)
        if startsSweep { scheduleSweep() }
    }

    private func scheduleSweep() {
        _ = eventLoop.scheduleTask(in: BackendConnection.sweepInterval) { self.sweep(now: .now) }
    }

    /// Gives up what is past its deadline.
    func sweep(now: Instant) {
        expireQuestions(now: now)
        let (due, goesOn) = state.withLock { state in
            let due = state.table.expired(now: now)
            for (key, entry) in due { state.noteGivenUp(key, entry, now: now) }
            state.isSweeping = state.table.count > 0
            state.unanswered += due.count { $0.entry.isCancellable }
            return (due, state.isSweeping)
        }
        for (key, entry) in due {
            let wasSent = withdraw(key, entry)
            endQuestions(of: key, entry)
            entry.reply.resume(returning: .failure(wasSent ? timedOut() : timedOutUnsent()))
        }
        if goesOn { scheduleSweep() }
    }

    /// Nobody waits for the answer to a request any more.
    func giveUp(_ key: UInt64) {
        let found = state.withLock { state -> PendingTable.Entry? in
            guard let entry = state.table.remove(key) else { return nil }
            state.noteGivenUp(key, entry, now: .now)
            return entry
        }
        guard let entry = found else { return }
        let wasSent = withdraw(key, entry)
        endQuestions(of: key, entry)
        entry.reply.resume(returning: .failure(wasSent ? cancelled() : cancelledUnsent()))
    }

    /// Takes a request back, or tells the backend in the way of its era and transport that nobody waits any more.
    ///
    /// - Returns: false when not a byte of it has left, and none will.
    private func withdraw(_ key: UInt64, _ entry: PendingTable.Entry) -> Bool {
        if state.withLock({ $0.link })?.abandon(key) == true {
            state.withLock { $0.givenUp.remove(key) }
            return false
        }
        if entry.isCancellable {
            var notice = ByteBuffer()
            notice.writeStaticString(
                "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":")
            notice.writeDecimal(key)
            notice.writeStaticString(",\"reason\":\"the caller no longer waits\"}}\n")
            post(MCPMethod.cancelled, notice)
        }
        return true
    }
}
