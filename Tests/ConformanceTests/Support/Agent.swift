import GateProtocol
import GateTestKit
import Synchronization

/// A client of the gateway, of one era on one transport. It answers questions as `Answers` says.
protocol Agent: AnyObject, Sendable {
    var name: String { get }
    var era: Era { get }
    var revision: String { get }

    func request(_ method: String, _ params: JSONValue, _ options: AgentOptions) async throws -> Reply
    func notify(_ method: String, _ params: JSONValue) async throws
    /// Changes of lists and resources: `subscriptions/listen`, the GET stream, or what comes on stdout.
    func listen(_ filter: JSONValue, id: JSONValue) async throws -> any Listening
    func close() async
}

struct AgentOptions: Sendable {
    var id: JSONValue?
    /// Members of `_meta` beside the reserved ones.
    var meta: [(String, JSONValue)] = []
    /// Of this request, for modern agents.
    var capabilities: JSONValue?
    /// Over HTTP; an empty value leaves the header out.
    var headers: [String: String] = [:]
    /// Whether `input_required` is answered and the request made again.
    var rounds = true
    var time: Duration = .seconds(20)
}

protocol Listening: Sendable {
    /// The next message that matches and was not taken yet, among those that have come or will come.
    func next(within time: Duration, where matches: @escaping @Sendable (JSONValue) -> Bool) async throws -> Message
    /// What has come so far.
    var all: [Message] { get }
    func close() async
}

extension Listening {
    func next(_ method: String, within time: Duration = .seconds(10)) async throws -> Message {
        try await next(within: time) { $0["method"] == .string(method) }
    }
}

extension Agent {
    func request(_ method: String, _ params: JSONValue = [:]) async throws -> Reply {
        try await request(method, params, AgentOptions())
    }

    func call(_ tool: String, _ arguments: JSONValue = [:], _ options: AgentOptions = AgentOptions()) async throws
        -> Reply
    {
        try await request("tools/call", ["name": .string(tool), "arguments": arguments], options)
    }

    func listen(_ filter: JSONValue) async throws -> any Listening { try await listen(filter, id: "listen-1") }

    /// The parameters with what a request of this era carries.
    func complete(_ params: JSONValue, _ options: AgentOptions, _ capabilities: JSONValue) -> JSONValue {
        var meta = params["_meta"]?.objectValue?.members.map { ($0.key, $0.value) } ?? []
        meta += options.meta
        if era == .modern {
            meta += [
                (Wire.prefix + "protocolVersion", .string(Wire.modern)),
                (Wire.prefix + "clientCapabilities", options.capabilities ?? capabilities),
                (Wire.prefix + "clientInfo", ["name": .string(name), "version": "1"]),
            ]
        }
        return meta.isEmpty ? params : params.with("_meta", .object(JSONObject(meta)))
    }

    /// Answers `input_required` results until there is another one, ten times at most.
    func throughRounds(
        _ first: Reply, _ params: JSONValue, again: (JSONValue) async throws -> Reply
    ) async throws -> Reply {
        var reply = first
        var messages = first.messages
        for _ in 0..<10 {
            guard reply.result["resultType"] == "input_required" else { break }
            var next = params
            if let state = reply.result["requestState"] { next = next.with("requestState", state) }
            var given: [(String, JSONValue)] = []
            for member in reply.result["inputRequests"]?.objectValue?.members ?? [] {
                let answer = Answers.answer(
                    member.value["method"]?.stringValue ?? "", member.value["params"] ?? [:], agent: name)
                if case .result(let value) = answer { given.append((member.key, value)) }
                if case .error = answer { given.append((member.key, ["action": "cancel"])) }
            }
            if reply.result["inputRequests"] != nil { next = next.with("inputResponses", .object(JSONObject(given))) }
            reply = try await again(next)
            messages += reply.messages
        }
        reply.messages = messages
        return reply
    }

    /// The name that a modern request repeats in a header.
    static func named(_ method: String, _ params: JSONValue) -> String? {
        switch method {
        case "tools/call", "prompts/get": params["name"]?.stringValue
        case "resources/read": params["uri"]?.stringValue
        case "tasks/get", "tasks/update", "tasks/cancel": params["taskId"]?.stringValue
        default: nil
        }
    }
}
