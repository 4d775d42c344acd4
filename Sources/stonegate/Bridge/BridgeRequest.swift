/// What is to be sent, apart from where to.
struct BridgeRequest: Sendable {
    var method: String
    var headers: [(name: String, value: String)] = []
    var body: [UInt8]?

    init(_ exchange: BridgeExchange, session: BridgeSession) {
        switch exchange.purpose {
        case .stream:
            method = "GET"
            headers = [("Accept", "text/event-stream")]
        case .close: method = "DELETE"
        case .forward where exchange.isResuming:
            method = "GET"
            headers = [("Accept", "text/event-stream")]
        case .restore(let message):
            method = "POST"
            body = message.bytes
        case .forward(let message), .initialize(let message), .initialized(let message), .reinitialize(let message):
            method = "POST"
            body = message.bytes
            addEra(message)
        case .reinitialized:
            method = "POST"
            body = Array(#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#.utf8)
        }
        if body != nil {
            headers += [("Accept", "application/json, text/event-stream"), ("Content-Type", "application/json")]
        }
        guard exchange.usesSession else { return }
        if let place = exchange.place, method == "GET" { headers.append(("Last-Event-ID", place)) }
        if let id = session.id { headers.append(("Mcp-Session-Id", id)) }
        if let version = session.version { headers.append(("MCP-Protocol-Version", version)) }
    }

    private mutating func addEra(_ message: BridgeMessage) {
        guard let version = message.modernVersion else { return }
        if HeaderText.isUsable(version) { headers.append(("MCP-Protocol-Version", version)) }
        // The gateway then expects no arguments to be repeated in header fields: a client on a pipe has none.
        headers.append(("X-Stonegate-Transport", "stdio"))
        headers.append(("Mcp-Method", HeaderText.encode(message.method)))
        if let name = message.name { headers.append(("Mcp-Name", HeaderText.encode(name))) }
    }
}
