import GateProtocol
import GateTestKit

/// One of many agents that number everything alike. Blocking: run it off the pool.
struct LoadedAgent: Sendable {
    /// What an agent has seen.
    struct Tally: Sendable {
        var calls = 0
        var progress = 0
        var logs = 0
        var questions = 0
        var wrong: [String] = []

        mutating func add(_ other: Tally) {
            calls += other.calls
            progress += other.progress
            logs += other.logs
            questions += other.questions
            wrong += other.wrong
        }
    }

    private let number: Int
    private let session: [String: String]
    /// What says who it is.
    private let identity: [String: String]
    private var isModern: Bool { session.isEmpty }
    private static let capabilities = #"{"elicitation":{"form":{}}}"#

    /// - Parameter identity: the header fields that say who it is; its own name without.
    init(number: Int, gateway: GatewayProcess, identity: [String: String]? = nil) async throws {
        self.number = number
        self.identity = identity ?? ["X-Stonegate-Agent": "agent-\(number)"]
        guard number.isMultiple(of: 2) else {
            session = [:]
            return
        }
        let hello = """
            {"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25",\
            "capabilities":\(LoadedAgent.capabilities),"clientInfo":{"name":"agent","version":"1"}}}
            """
        let reply = try await gateway.post("/mcp", headers: self.identity, json: hello)
        guard let id = reply["Mcp-Session-Id"] else { throw TestKitError("no session: \(reply.text)") }
        session = ["Mcp-Session-Id": id, "MCP-Protocol-Version": "2025-11-25"]
        let ready = #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#
        _ = try await gateway.post("/mcp", headers: session.merging(self.identity) { one, _ in one }, json: ready)
    }

    /// One connection for the calls and one for the answers.
    func run(_ calls: Int, _ port: UInt16, _ servers: [String]) throws -> Tally {
        let connection = try HTTPConnection(port: port, within: .seconds(1800))
        let answers = try HTTPConnection(port: port, within: .seconds(1800))
        var tally = Tally()
        for call in 0..<calls {
            let server = servers[(call + number) % servers.count]
            let kind = Kind(call, canAsk: server != "legacy_pipe_")
            try make(kind, call, server, connection, answers, &tally)
            tally.calls += 1
        }
        return tally
    }

    /// Calls with keys that all agents use alike: each gets its own answer, the second time as well.
    func runWithKeys(_ calls: Int, _ port: UInt16, tool: String) throws -> Tally {
        let connection = try HTTPConnection(port: port, within: .seconds(1800))
        var tally = Tally()
        for call in 0..<calls {
            let mine = "agent \(number) key \(call / 2)"
            let body: JSONValue = ["tool": .string(tool), "arguments": ["text": .string(mine)]]
            var headers = ["Content-Type": "application/json", "Idempotency-Key": "key-\(call / 2)"]
            headers.merge(identity) { _, new in new }
            try connection.send("POST", "/call", headers, body.bytes)
            let reply = try JSONValue(parsing: try connection.reply(to: "POST").body)
            let text = reply["result"]?["content"]?.arrayValue?.first?["text"]
            if text != .string(mine) { tally.wrong.append("\(mine): \(reply.text.prefix(300))") }
            tally.calls += 1
        }
        return tally
    }

    private enum Kind: String {
        case echo, progress, log, ask

        init(_ call: Int, canAsk: Bool) {
            self =
                switch call % 20 {
                case 5, 15: .progress
                case 9: .log
                case 13, 18: canAsk ? .ask : .echo
                default: .echo
                }
        }
    }

    private func make(
        _ kind: Kind, _ call: Int, _ server: String, _ connection: HTTPConnection, _ answers: HTTPConnection,
        _ tally: inout Tally
    ) throws {
        let mine = "agent \(number) call \(call)"
        let steps = number % 4 + 1
        let arguments: JSONValue
        let expected: String
        switch kind {
        case .echo: (arguments, expected) = (["text": .string(mine)], mine)
        case .progress: (arguments, expected) = (["n": .number("\(steps)")], "done after \(steps) steps")
        case .log: (arguments, expected) = (["level": "error", "message": .string(mine)], "logged")
        case .ask: (arguments, expected) = (["message": .string(mine)], "accept: answer of \(mine)")
        }
        var params: JSONValue = ["name": .string(server + kind.rawValue), "arguments": arguments]
        var messages = try send(params, call, connection, answers, mine)
        if isModern, let first = messages.last, first["result"]?["resultType"] == "input_required" {
            let asked = first["result"]?["inputRequests"]?.objectValue?.members.first
            if asked?.value["params"]?["message"] != .string(mine) {
                tally.wrong.append("\(mine) was asked \(first.text)")
            }
            tally.questions += 1
            params = JSONValue.object(
                JSONObject([
                    ("name", .string(server + kind.rawValue)), ("arguments", arguments),
                    ("requestState", first["result"]?["requestState"] ?? .null),
                    ("inputResponses", .object(JSONObject([(asked?.key ?? "", LoadedAgent.answer(mine))]))),
                ]))
            messages = try send(params, call, connection, answers, mine)
        }
        judge(messages, call, mine, kind, expected, steps, &tally)
    }

    private func judge(
        _ messages: [JSONValue], _ call: Int, _ mine: String, _ kind: Kind, _ expected: String, _ steps: Int,
        _ tally: inout Tally
    ) {
        var progress = 0
        for message in messages.dropLast() {
            let params = message["params"]
            switch message["method"]?.stringValue {
            case "notifications/progress":
                progress += 1
                if params?["progressToken"] != "t" || params?["total"]?.intValue != steps {
                    tally.wrong.append("\(mine): \(message.text)")
                }
            case "notifications/message":
                tally.logs += 1
                if params?["data"] != .string(mine) { tally.wrong.append("\(mine): \(message.text)") }
            case "elicitation/create":
                tally.questions += 1
                if params?["message"] != .string(mine) { tally.wrong.append("\(mine): \(message.text)") }
            default: tally.wrong.append("\(mine): \(message.text)")
            }
        }
        tally.progress += progress
        let last = messages.last ?? .null
        let text = last["result"]?["content"]?.arrayValue?.first?["text"]
        if text != .string(expected) || last["id"]?.intValue != call || progress != (kind == .progress ? steps : 0) {
            tally.wrong.append("\(mine) \(kind): \(messages.map(\.text).joined(separator: " ").prefix(600))")
        }
    }

    private static func answer(_ mine: String) -> JSONValue {
        ["action": "accept", "content": ["answer": .string("answer of \(mine)")]]
    }

    /// - Returns: everything that came, the response last.
    private func send(
        _ params: JSONValue, _ id: Int, _ connection: HTTPConnection, _ answers: HTTPConnection, _ mine: String
    ) throws -> [JSONValue] {
        var meta: [(String, JSONValue)] = [("progressToken", "t")]
        var headers = ["Content-Type": "application/json", "Accept": "application/json, text/event-stream"]
        headers.merge(identity) { _, new in new }
        headers.merge(session) { _, new in new }
        if isModern {
            let capabilities = try JSONValue(parsing: LoadedAgent.capabilities)
            meta += [
                ("io.modelcontextprotocol/protocolVersion", .string(MCPMessage.modern)),
                ("io.modelcontextprotocol/clientCapabilities", capabilities),
                ("io.modelcontextprotocol/logLevel", "info"),
            ]
            headers.merge(MCPMessage.modernHeaders(call: params["name"]?.stringValue ?? "")) { _, new in new }
        }
        let members = (params.objectValue?.members ?? []).map { ($0.key, $0.value) }
        let full = JSONValue.object(JSONObject(members + [("_meta", .object(JSONObject(meta)))]))
        let message: JSONValue = ["jsonrpc": "2.0", "id": .number("\(id)"), "method": "tools/call", "params": full]
        try connection.send("POST", "/mcp", headers, message.bytes)
        let head = try connection.head(of: "POST")
        guard head["Content-Type"]?.hasPrefix("text/event-stream") == true else {
            var body: [UInt8] = []
            while let piece = try connection.piece() { body += piece }
            return [try JSONValue(parsing: body)]
        }
        var messages: [JSONValue] = []
        while let event = try connection.nextEvent() {
            guard !event.data.isEmpty else { continue }
            let message = try JSONValue(parsing: event.data)
            messages.append(message)
            if message["method"] == nil {
                while try connection.piece() != nil {}
                return messages
            }
            guard let question = message["id"] else { continue }
            let answer: JSONValue = ["jsonrpc": "2.0", "id": question, "result": LoadedAgent.answer(mine)]
            try answers.send("POST", "/mcp", headers, answer.bytes)
            let taken = try answers.reply(to: "POST")
            if taken.status != 202 { throw TestKitError("an answer got \(taken.status): \(taken.text)") }
        }
        throw TestKitError("\(mine): the stream ended without a response")
    }
}
