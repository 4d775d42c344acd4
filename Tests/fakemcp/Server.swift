#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The protocol: which message gets which answer. Transports hand messages in and carry answers out.
final class Server {
    let options: Options
    let loop: EventLoop
    let ledger: Ledger
    let instance = String(UInt64.random(in: .min ... .max), radix: 16)
    var addedTools: [String] = []
    var counts: [String: Int] = [:]
    var values: [String: String] = [:]
    var cancelled: [JSON] = []
    var running: [Call] = []
    var held: (call: Call, result: JSON)?
    var answeredCalls = 0
    var lists = 0
    var isDeaf = false
    var grandchild: pid_t?
    /// Set by the transport: what `no-read`, `close-stdin` and `close-stdout` do to it.
    var stopReading: () -> Void = {}
    var closeInput: () -> Void = {}
    var closeOutput: () -> Void = {}
    /// Sessions that get unsolicited notices.
    var sessions: [Session] = []
    var listeners: [(id: JSON, exchange: any Exchange, granted: JSON)] = []
    var jobs: [String: Job] = [:]
    /// How often each resource has changed.
    var touched: [String: Int] = [:]
    /// Subscriptions and their ends, in order.
    var asked: [String] = []

    init(options: Options, loop: EventLoop) {
        self.options = options
        self.loop = loop
        ledger = Ledger(path: options.ledger)
    }

    /// Whatever arrives, parsed or not.
    func receive(_ raw: [UInt8], session: Session, exchange: any Exchange) {
        if isDeaf { _exit(1) }
        guard let message = JSONParser.parse(raw) else {
            return exchange.finish(error(id: .null, code: -32700, "not JSON"))
        }
        guard let method = message["method"]?.text else { return session.answered(message) }
        let params = message["params"] ?? [:]
        guard let id = message["id"] else { return notice(method, params, session: session) }
        guard accepts(method, params, id: id, session: session, exchange: exchange) else { return }
        request(method, id: id, params: params, raw: raw, session: session, exchange: exchange)
    }

    func notice(_ method: String, _ params: JSON, session: Session) {
        switch method {
        case "notifications/initialized":
            session.isReady = true
            listChangeStorm()
        case "notifications/cancelled":
            guard let id = params["requestId"] else { return }
            if let place = listeners.firstIndex(where: { $0.id == id }) { listeners.remove(at: place) }
            if let call = running.first(where: { $0.session === session && $0.id == id }) { cancel(call) }
        default: break
        }
    }

    private func request(
        _ method: String, id: JSON, params: JSON, raw: [UInt8], session: Session, exchange: any Exchange
    ) {
        func answer(_ result: JSON) {
            deliver(reply(id: id, result, session), over: exchange, spoilt: options.evilOnAll)
        }
        switch method {
        case "initialize", "server/discover":
            if options.evil == .hangInit { return }
            answer(method == "initialize" ? initialize(params, session: session) : discover())
        case "ping" where session.modern != true: answer([:])
        case "logging/setLevel" where session.modern != true: answer([:])
        case "tools/list" where !options.isToolless: answer(listTools(cursor: params["cursor"]?.text, session: session))
        case "tools/call":
            guard let name = params["name"]?.text else {
                return exchange.finish(error(id: id, code: -32602, "params.name is missing"))
            }
            let tool = name.hasPrefix(options.prefix) ? String(name.dropFirst(options.prefix.count)) : name
            call(Call(id: id, tool: tool, params: params, raw: raw, session: session, exchange: exchange))
        case "subscriptions/listen" where session.modern == true:
            let granted = granted(params["notifications"] ?? [:])
            listeners.append((id, exchange, granted))
            exchange.notify([
                "jsonrpc": "2.0", "method": "notifications/subscriptions/acknowledged",
                "params": [
                    "_meta": ["io.modelcontextprotocol/subscriptionId": id],
                    "notifications": granted,
                ],
            ])
        default:
            if taskRequest(method, id: id, params: params, session: session, exchange: exchange) { return }
            if resourceRequest(method, id: id, params: params, session: session, exchange: exchange) { return }
            if surfaceRequest(method, id: id, params: params, session: session, exchange: exchange) { return }
            exchange.finish(error(id: id, code: -32601, "no method \(method)"))
        }
    }

    func cancel(_ call: Call) {
        if let timer = call.timer { loop.cancel(timer: timer) }
        cancelled.append(["id": call.id, "tool": .string(call.tool), "key": call.key.map(JSON.string) ?? .null])
        if let onCancel = call.onCancel { return onCancel() }
        running.removeAll { $0 === call }
    }

    /// The client closed the stream of this exchange: in the modern era that is the cancellation.
    func closed(_ exchange: any Exchange) {
        listeners.removeAll { $0.exchange === exchange }
        for call in running where call.exchange === exchange && call.isModern { cancel(call) }
    }

    func broadcastListChanged() {
        let method: JSON = "notifications/tools/list_changed"
        for session in sessions where session.modern != true && session.isReady {
            session.stream?(["jsonrpc": "2.0", "method": method])
        }
        for listener in listeners {
            listener.exchange.notify([
                "jsonrpc": "2.0", "method": method,
                "params": ["_meta": ["io.modelcontextprotocol/subscriptionId": listener.id]],
            ])
        }
    }

    func listChangeStorm() {
        guard options.evil == .listChangeStorm else { return }
        for _ in 0..<(options.evilCount ?? 1000) { broadcastListChanged() }
    }

    func reply(id: JSON, _ result: JSON, _ session: Session) -> JSON {
        let complete: JSON
        if session.modern == true {
            let info: JSON = ["io.modelcontextprotocol/serverInfo": serverInfo]
            complete = result.with("resultType", result["resultType"] ?? "complete").with("_meta", info)
        } else {
            complete = result
        }
        return ["jsonrpc": "2.0", "id": id, "result": complete]
    }

    func error(id: JSON, code: Int, _ message: String, data: JSON? = nil) -> JSON {
        let error: JSON = ["code": JSON(code), "message": .string(message)]
        return ["jsonrpc": "2.0", "id": id, "error": error.with("data", data)]
    }

    var serverInfo: JSON { ["name": .string(options.name), "version": "1.0.0"] }
}
