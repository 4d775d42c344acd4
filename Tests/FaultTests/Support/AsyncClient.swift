import GateProtocol
import GateTestKit

/// An agent that submits calls over REST and asks for them.
struct AsyncClient: Sendable {
    /// What a gateway made of a submission.
    enum Submission: Sendable {
        case accepted(String)
        /// Refused in words: the code.
        case refused(String)
        /// No answer: whether there is a call is not known.
        case unanswered
    }

    let gateway: GatewayProcess
    private let headers = ["X-Stonegate-Agent": "auditor"]

    /// - Parameter key: the call's own, in the ledger and as idempotency key.
    func submit(_ server: String, _ tool: String, key: String, _ arguments: JSONValue) async -> Submission {
        guard let (status, json) = await answer(server, tool, key: key, arguments) else { return .unanswered }
        if status == 202, let id = json["call_id"]?.stringValue { return .accepted(id) }
        return .refused(json["code"]?.stringValue ?? "HTTP \(status)")
    }

    /// What the gateway says to a submission.
    func answer(
        _ server: String, _ tool: String, key: String, _ arguments: JSONValue
    ) async -> (status: Int, json: JSONValue)? {
        var arguments = arguments.objectValue ?? JSONObject()
        arguments["key"] = .string(key)
        let body: JSONValue = ["server": .string(server), "tool": .string(tool), "arguments": .object(arguments)]
        var headers = headers
        headers["Idempotency-Key"] = key
        guard let reply = try? await gateway.post("/call/async", headers: headers, json: body.text),
            let json = try? JSONValue(parsing: reply.body)
        else { return nil }
        return (reply.status, json)
    }

    /// - Returns: the call's document once it has ended, or as it is when the time is over.
    func ended(_ id: String, within milliseconds: Int = 60_000) async throws -> JSONValue {
        try JSONValue(
            parsing: try await gateway.get("/call/\(id)?wait_ms=\(milliseconds)", headers: headers).body)
    }

    func state(_ id: String) async throws -> JSONValue {
        try JSONValue(parsing: try await gateway.get("/call/\(id)", headers: headers).body)
    }
}
