import GateProtocol
import GateTestKit
import Synchronization

/// An agent over streamable HTTP. Each request has a connection of its own.
final class HTTPAgent: Agent {
    let name: String
    let era: Era
    let revision: String
    let port: UInt16
    let path: String
    let session: [String: String]
    let instructions: JSONValue
    private let capabilities: JSONValue
    private let tap: Tap?
    private let counter = Mutex(0)

    /// Opens a session when the era has them.
    static func open(
        _ name: String, _ era: Era, port: UInt16, path: String = "/mcp", revision: String? = nil,
        capabilities: JSONValue = Wire.everything, tap: Tap? = nil
    ) async throws -> HTTPAgent {
        guard era == .legacy else {
            return HTTPAgent(name, era, port, path, Wire.modern, [:], .null, capabilities, tap)
        }
        let wanted = revision ?? Wire.legacy
        let hello: JSONValue = [
            "jsonrpc": "2.0", "id": "hello", "method": "initialize",
            "params": [
                "protocolVersion": .string(wanted), "capabilities": capabilities,
                "clientInfo": ["name": .string(name), "version": "1"],
            ],
        ]
        let base = ["X-Stonegate-Agent": name]
        let reply = try await HTTP.post(port: port, path, headers: base, json: hello.text)
        let answer = try Message(reply.text)
        guard reply.status == 200, let id = reply["Mcp-Session-Id"] else {
            throw TestKitError("initialize: \(reply.status) \(reply.text)")
        }
        let agreed = answer.json.at("result", "protocolVersion")?.stringValue ?? ""
        tap?.note(hello, toServer: true, revision: wanted, channel: id)
        tap?.note(answer.json, toServer: false, revision: agreed, channel: id)
        let headers = ["Mcp-Session-Id": id, "MCP-Protocol-Version": agreed]
        let agent = HTTPAgent(name, era, port, path, agreed, headers, answer.json["result"] ?? .null, capabilities, tap)
        try await agent.notify("notifications/initialized", [:])
        return agent
    }

    private init(
        _ name: String, _ era: Era, _ port: UInt16, _ path: String, _ revision: String, _ session: [String: String],
        _ hello: JSONValue, _ capabilities: JSONValue, _ tap: Tap?
    ) {
        self.name = name
        self.era = era
        self.port = port
        self.path = path
        self.revision = revision
        self.session = session
        self.instructions = hello
        self.capabilities = capabilities
        self.tap = tap
    }

    private var channel: String { session["Mcp-Session-Id"] ?? name }

    private func nextID() -> JSONValue {
        counter.withLock { number in
            number += 1
            return .number("\(number)")
        }
    }

    func headers(_ method: String, _ params: JSONValue, _ given: [String: String]) -> [String: String] {
        var all = [
            "Content-Type": "application/json", "Accept": "application/json, text/event-stream",
            "X-Stonegate-Agent": name,
        ].merging(session) { _, new in new }
        if era == .modern {
            all["MCP-Protocol-Version"] = Wire.modern
            all["Mcp-Method"] = method
            if let named = Self.named(method, params) { all["Mcp-Name"] = HeaderValue.encoded(named) }
        }
        all.merge(given) { _, new in new }
        return all.filter { !$0.value.isEmpty }
    }

    func request(_ method: String, _ params: JSONValue, _ options: AgentOptions) async throws -> Reply {
        let full = complete(params, options, capabilities)
        let id = options.id ?? nextID()
        let message: JSONValue = ["jsonrpc": "2.0", "id": id, "method": .string(method), "params": full]
        let first = try await send(message, headers(method, params, options.headers), options.time)
        guard era == .modern, options.rounds else { return first }
        var more = options
        more.id = nil
        more.rounds = false
        let following = more
        return try await throughRounds(first, params) { try await self.request(method, $0, following) }
    }

    /// Sends a message as it is.
    func send(_ message: JSONValue, _ headers: [String: String], _ time: Duration = .seconds(20)) async throws -> Reply
    {
        tap?.note(message, toServer: true, revision: revision, channel: channel)
        let body = message.bytes
        return try await offPool { try self.exchange(body, headers, time) }
    }

    /// Posts the bytes and reads all that comes back; questions are answered in requests of their own.
    private func exchange(_ body: [UInt8], _ headers: [String: String], _ time: Duration) throws -> Reply {
        let connection = try HTTPConnection(port: port, within: time)
        try connection.send("POST", path, headers.merging(["Connection": "close"]) { own, _ in own }, body)
        let head = try connection.head(of: "POST")
        guard head["Content-Type"]?.hasPrefix("text/event-stream") == true else {
            var whole = head
            while let piece = try connection.piece() { whole.body += piece }
            let message = try Message(whole.body.isEmpty ? "{}" : whole.text)
            note(message)
            return Reply(status: head.status, headers: head.headers, response: message)
        }
        var messages: [Message] = []
        while let event = try connection.nextEvent() {
            guard !event.data.isEmpty else { continue }
            let message = try Message(event.data)
            note(message)
            if message.method == nil {
                return Reply(
                    status: head.status, headers: head.headers, isStream: true, messages: messages, response: message)
            }
            messages.append(message)
            if message.id != nil { try answer(message) }
        }
        throw TestKitError("the stream ended without a response, after \(messages.map(\.raw))")
    }

    private func note(_ message: Message) {
        if message.json != [:] { tap?.note(message.json, toServer: false, revision: revision, channel: channel) }
    }

    private func answer(_ question: Message) throws {
        guard let reply = Answers.reply(to: question, agent: name) else { return }
        tap?.note(reply, toServer: true, revision: revision, channel: channel)
        let connection = try HTTPConnection(port: port)
        try connection.send("POST", path, headers("", [:], ["Connection": "close"]), reply.bytes)
        let head = try connection.reply(to: "POST")
        guard head.status == 202 else { throw TestKitError("an answer got \(head.status): \(head.text)") }
    }

    func notify(_ method: String, _ params: JSONValue) async throws {
        let message: JSONValue = [
            "jsonrpc": "2.0", "method": .string(method), "params": complete(params, .init(), capabilities),
        ]
        tap?.note(message, toServer: true, revision: revision, channel: channel)
        let reply = try await HTTP.send(
            "POST", port: port, path, headers: headers(method, params, [:]), body: message.bytes)
        guard reply.status == 202 else { throw TestKitError("\(method): \(reply.status) \(reply.text)") }
    }

    func listen(_ filter: JSONValue, id: JSONValue) async throws -> any Listening {
        let stream: EventStream
        if era == .modern {
            let params = complete(["notifications": filter], .init(), capabilities)
            let message: JSONValue = ["jsonrpc": "2.0", "id": id, "method": "subscriptions/listen", "params": params]
            tap?.note(message, toServer: true, revision: revision, channel: channel)
            stream = try await EventStream.open(
                "POST", port: port, path, headers: headers("subscriptions/listen", [:], [:]), body: message.bytes)
        } else {
            stream = try await EventStream.open(
                "GET", port: port, path, headers: headers("", [:], ["Content-Type": "", "Accept": "text/event-stream"]))
        }
        guard stream.head.status == 200 else { throw TestKitError("listen: \(stream.head.status)") }
        return StreamListening(stream) { [tap, revision, channel] message in
            tap?.note(message.json, toServer: false, revision: revision, channel: channel)
        }
    }

    func close() async {
        guard era == .legacy else { return }
        _ = try? await HTTP.send("DELETE", port: port, path, headers: headers("", [:], [:]))
    }
}

extension Answers {
    /// The response to a question, or nil when this agent stays silent.
    static func reply(to question: Message, agent: String) -> JSONValue? {
        let id = question.id ?? .null
        switch answer(question.method ?? "", question.params, agent: agent) {
        case .result(let value): return ["jsonrpc": "2.0", "id": id, "result": value]
        case .error(let value): return ["jsonrpc": "2.0", "id": id, "error": value]
        case .none: return nil
        }
    }
}
