package import GateHTTP
import GateBackend
package import GateCore
import GateProtocol
package import NIOCore
import NIOHTTP1
import Synchronization

/// The gateway as an MCP server over streamable HTTP, for clients of both eras on the same address.
///
/// Whoever routes requests has checked Host and Origin before; methods, content types and bodies are checked here. Modern requests
/// stand alone; a legacy session is its signed id and, while the gateway runs, what ``LiveSession`` holds of it.
package final class MCPFrontEnd: Sendable {
    let services: any GatewayServices
    let sealer: SessionSealer
    let options: MCPOptions
    let streams: NoticeStreams
    let calls = Mutex(CallTable())
    let sessions: SessionTable
    let replays: ReplayStore
    /// Clients of the transport of 2024-11-05.
    let clients = Mutex<[MCPSession.ID: EventStreamClient]>([:])
    let lastStream = Atomic<UInt64>(0)
    private let janitor: RepeatedTask
    let tools: GatewayTools
    /// What agents with sessions are being asked.
    let questions: SessionQuestions
    /// Calls that wait for agents of 2026-07-28 to come back with answers.
    let parked: ParkedCalls
    let answerer: CallAnswerer
    /// Where timers of questions run.
    let loop: any EventLoop

    /// - Parameters:
    ///   - sealer: signs the ids of sessions.
    ///   - states: signs what agents of 2026-07-28 bring back with their answers.
    ///   - ledger: where it is kept what became of sessions; in memory when left out.
    ///   - group: where the timers that keep streams alive and end idle sessions run.
    ///   - budget: what events that are kept for clients are counted in.
    package init(
        services: any GatewayServices, sealer: SessionSealer, states: StateSealer, ledger: SessionLedger? = nil,
        group: any EventLoopGroup, options: MCPOptions = MCPOptions(), budget: MemoryBudget? = nil
    ) {
        self.services = services
        self.sealer = sealer
        self.options = options
        let streams = NoticeStreams(services: services, options: options)
        let replays = ReplayStore(limits: options.replay, budget: budget)
        let loop = group.next()
        let questions = SessionQuestions()
        self.questions = questions
        let sessions = SessionTable(
            run: UInt32.random(in: 0...UInt32.max), limit: options.maxSessions, idleTimeout: options.sessionIdleTimeout,
            ledger: ledger ?? SessionLedger(directory: nil, loop: loop), now: .now
        ) {
            questions.end($0.id)
            MCPFrontEnd.ended($0, streams: streams, replays: replays, services: services)
        }
        self.streams = streams
        self.replays = replays
        self.sessions = sessions
        tools = GatewayTools(services: services)
        self.loop = loop
        answerer = CallAnswerer(services: services, sealer: states, options: options)
        parked = ParkedCalls(sealer: states, answers: answerer, options: options, loop: loop)
        streams.run(on: loop, every: options.keepAlive)
        let pace = TimeAmount(min(.seconds(30), max(.milliseconds(100), options.sessionIdleTimeout / 4)))
        janitor = loop.scheduleRepeatedTask(initialDelay: pace, delay: pace) { _ in
            let now = Instant.now
            sessions.expire(now: now)
            replays.expire(now: now)
        }
    }

    /// Answers one request to an MCP path.
    /// - Parameter scope: the servers that the path or the query names.
    package func respond(to request: HTTPRequest, on exchange: HTTPExchange, scope: Visibility) async {
        switch request.method {
        case .POST: await post(request, exchange, scope)
        case .GET: openSessionStream(request, exchange, scope)
        case .DELETE: endSession(request, exchange)
        default: refuseMethod(exchange)
        }
    }

    /// Ends all event streams in the protocol's way, and the calls that wait for answers of agents; all other calls in flight are
    /// answered as usual.
    package func shutdown() {
        janitor.cancel()
        streams.close()
        parked.close()
    }

    /// Calls that wait for an agent to come back with answers.
    package var parkedCalls: Int { parked.count }

    /// Questions that agents with sessions have not answered yet.
    package var openQuestions: Int { questions.count }

    /// Sends a comment on every open stream at once, as the timer does.
    package func keepAlive() { streams.keepAlive() }

    /// Event streams that are open.
    package var openStreams: Int { streams.count }
    package var openSessions: Int { sessions.count }

    // MARK: Answers

    func send(_ reply: RPCReply, on exchange: HTTPExchange) {
        exchange.send(status: reply.status, headers: MCPText.jsonHeaders, body: reply.parts)
    }

    func send(_ reply: RPCReply, on exchange: HTTPExchange, _ headers: HTTPHeaders) {
        var all = MCPText.jsonHeaders
        all.add(contentsOf: headers)
        exchange.send(status: reply.status, headers: all, body: reply.parts)
    }

    /// - Returns: whether the request was refused because the gateway is stopping.
    func refusesWhileDraining(_ id: ByteBuffer?, on exchange: HTTPExchange) -> Bool {
        guard services.isDraining else { return false }
        refuse(
            .serviceUnavailable, "stonegate is stopping. Connect again when it has been restarted.",
            code: ErrorCode.draining.traits.rpcCode, id: id, on: exchange, headers: ["Retry-After": "5"])
        return true
    }

    /// A refusal before there is a request to answer.
    func refuse(
        _ status: HTTPResponseStatus, _ message: String, code: Int = RPCCode.invalidRequest, id: ByteBuffer? = nil,
        on exchange: HTTPExchange, headers: HTTPHeaders = [:]
    ) {
        var all = MCPText.jsonHeaders
        all.add(contentsOf: headers)
        exchange.send(status: status, headers: all, body: RPCReply.error(code, message, id: id).parts)
    }

    func refuseMethod(_ exchange: HTTPExchange) {
        refuse(
            .methodNotAllowed,
            "MCP requests are POSTs here. GET needs a session and \"Accept: text/event-stream\"; DELETE ends a session.",
            on: exchange, headers: ["Allow": "POST, GET, DELETE"])
    }
}
