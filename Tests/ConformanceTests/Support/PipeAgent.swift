import GateProtocol
import GateTestKit
import Synchronization

/// An agent that has launched `stonegate mcp` and speaks over its stdin and stdout.
final class PipeAgent: Agent {
    let name: String
    let era: Era
    let revision: String
    let program: Program
    private let capabilities: JSONValue
    private let tap: Tap?
    private let counter = Mutex(0)
    private let answering = Mutex<Task<Void, Never>?>(nil)

    static func open(
        _ name: String, _ era: Era, gateway: String, server: String? = nil, revision: String = Wire.legacy,
        capabilities: JSONValue = Wire.everything, tap: Tap? = nil
    ) async throws -> PipeAgent {
        let chosen = server.map { ["--server", $0] } ?? []
        let program = try Program(
            Products.path("stonegate"), ["mcp", "--url", gateway, "--agent", name] + chosen)
        let used = era == .modern ? Wire.modern : revision
        let agent = PipeAgent(name, era, program, used, capabilities, tap)
        agent.answering.withLock { $0 = Task { [weak agent] in await PipeAgent.serve(program, agent: { agent }) } }
        guard era == .legacy else { return agent }
        let hello: JSONValue = [
            "protocolVersion": .string(revision), "capabilities": capabilities,
            "clientInfo": ["name": .string(name), "version": "1"],
        ]
        let reply = try await agent.request("initialize", hello, AgentOptions())
        guard reply.result["protocolVersion"] == .string(revision) else {
            throw TestKitError("initialize: \(reply.response.raw)")
        }
        try await agent.notify("notifications/initialized", [:])
        return agent
    }

    private init(
        _ name: String, _ era: Era, _ program: Program, _ revision: String, _ capabilities: JSONValue, _ tap: Tap?
    ) {
        self.name = name
        self.era = era
        self.program = program
        self.revision = revision
        self.capabilities = capabilities
        self.tap = tap
    }

    deinit { answering.withLock { $0?.cancel() } }

    /// Notes every line, and answers the questions among them.
    private static func serve(_ program: Program, agent: () -> PipeAgent?) async {
        var position = 0
        while let found = try? await program.output.first(from: position, within: .seconds(600), where: { _ in true }) {
            position = found.index + 1
            guard let agent = agent(), let message = try? Message(found.element) else { continue }
            agent.tap?.note(message.json, toServer: false, revision: agent.revision, channel: agent.name)
            guard message.method != nil, message.id != nil else { continue }
            if let reply = Answers.reply(to: message, agent: agent.name) { try? await agent.send(reply) }
        }
    }

    func send(_ message: JSONValue) async throws {
        tap?.note(message, toServer: true, revision: revision, channel: name)
        try await program.send(message.text + "\n")
    }

    func nextID() -> JSONValue {
        counter.withLock { number in
            number += 1
            return .number("\(number)")
        }
    }

    func request(_ method: String, _ params: JSONValue, _ options: AgentOptions) async throws -> Reply {
        let id = options.id ?? nextID()
        let full = complete(params, options, capabilities)
        let message: JSONValue = ["jsonrpc": "2.0", "id": id, "method": .string(method), "params": full]
        let start = program.output.all.count
        try await send(message)
        let found = try await program.output.first(from: start, within: options.time) { line in
            guard let answer = try? Message(line) else { return false }
            return answer.method == nil && answer.id == id
        }
        let before = program.output.all[start..<found.index].compactMap { try? Message($0) }
        let first = Reply(messages: before.filter { $0.method != nil }, response: try Message(found.element))
        guard era == .modern, options.rounds else { return first }
        var more = options
        more.id = nil
        more.rounds = false
        let following = more
        return try await throughRounds(first, params) { try await self.request(method, $0, following) }
    }

    func notify(_ method: String, _ params: JSONValue) async throws {
        var message: JSONValue = ["jsonrpc": "2.0", "method": .string(method)]
        if params != [:] { message = message.with("params", params) }
        try await send(message)
    }

    func listen(_ filter: JSONValue, id: JSONValue) async throws -> any Listening {
        let start = program.output.all.count
        guard era == .modern else { return PipeListening(program, from: start) {} }
        let params = complete(["notifications": filter], .init(), capabilities)
        try await send(["jsonrpc": "2.0", "id": id, "method": "subscriptions/listen", "params": params])
        return PipeListening(program, from: start) { [weak self] in
            try? await self?.notify("notifications/cancelled", ["requestId": id])
        }
    }

    func close() async {
        program.closeInput()
        _ = try? await program.exit()
    }
}
