import GateHTTP
import GateProtocol
import NIOCore

extension RESTRequest {
    /// Who calls, as its header says.
    var agent: String {
        AgentName.given(http.headers) ?? AgentName.anonymous
    }

    func caller(_ services: any GatewayServices) -> Caller {
        var caller = Caller(
            agent: agent, source: .rest, session: services.usesSessions ? SessionName.owner(http.headers) : nil,
            visibility: visibility)
        caller.isNamed = AgentName.isGiven(http.headers)
        caller.isAuthenticated = http.headers.identity != nil
        return caller
    }

    /// What a body asks for, with its target found.
    func call(_ body: CallBody, _ services: any GatewayServices) throws(GateError) -> GatewayCall {
        let target =
            if let server = body.server {
                try services.resolve(server: server, tool: body.tool, visibility)
            } else {
                try services.resolve(body.tool, visibility)
            }
        var call = GatewayCall(
            target: target, arguments: body.arguments, caller: caller(services), timeout: try timeout)
        call.key = try key
        return call
    }

    /// The idempotency key; nil when there is none.
    var key: String? {
        get throws(GateError) {
            guard let text = http.headers[IdempotencyKey.header] else { return nil }
            return try IdempotencyKey.checked(text)
        }
    }

    /// What `X-Stonegate-Timeout` asks for, in milliseconds.
    var timeout: Duration? {
        get throws(GateError) {
            guard let text = http.headers["X-Stonegate-Timeout"] else { return nil }
            guard let milliseconds = Int(text), (1...86_400_000).contains(milliseconds) else {
                throw GateError(
                    .badRequest, "X-Stonegate-Timeout must be a number of milliseconds from 1 to 86400000.",
                    source: .caller)
            }
            return .milliseconds(milliseconds)
        }
    }

    func integer(_ name: String, default fallback: Int, in range: ClosedRange<Int>) throws(GateError) -> Int {
        guard let text = query[name] else { return fallback }
        guard let value = Int(text), range.contains(value) else {
            throw GateError(
                .badRequest, "`\(name)` must be a whole number from \(range.lowerBound) to \(range.upperBound).",
                source: .caller)
        }
        return value
    }

    /// The body as a small JSON object.
    func json() throws(GateError) -> JSONValue {
        do throws(JSONFault) {
            let value = try JSONValue(parsing: Array(buffer: http.body), limits: JSONLimits(depth: 16, nodes: 10_000))
            guard value.objectValue != nil else { throw JSONFault(.notAnObject, at: 0) }
            return value
        } catch {
            throw GateError(.invalidJSON, "The body is not a valid JSON object: \(error).", source: .caller)
        }
    }
}
