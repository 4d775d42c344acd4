import NIOHTTP1
import GateBackend
import GateProtocol
import NIOCore

/// The gateway's own tools.
struct GatewayTools: Sendable {
    enum Name: String {
        case call = "gate_call"
        case discover = "gate_discover"
        case status = "gate_status"
        case callAsync = "gate_call_async"
        case poll = "gate_poll"
        case await = "gate_await"
        case cancel = "gate_cancel"
        case calls = "gate_calls"
    }

    let services: any GatewayServices

    func plan(
        _ tool: Name, _ arguments: ByteBuffer?, _ meta: ByteBuffer?, _ context: MCPContext, _ id: ByteBuffer
    ) -> CallPlan {
        if services.isDraining {
            return .answered(ToolOutcome.failure(GatewayTools.draining, id: id, era: context.era))
        }
        guard let given = JSONMembers(arguments ?? ByteBuffer(string: "{}")) else {
            return .answered(.error(RPCCode.invalidParams, "params.arguments must be an object.", id: id))
        }
        guard tool == .call else { return .own(OwnCall(tool: tool, given: given, meta: meta)) }
        do throws(GateError) {
            return .call(PlannedCall(call: try call(given, meta, context), isIndirect: true))
        } catch {
            return .answered(ToolOutcome.failure(error, id: id, era: context.era))
        }
    }

    /// The answer of a tool that needs no backend.
    func answer(_ own: OwnCall, _ context: MCPContext, _ id: ByteBuffer) async -> RPCReply {
        do throws(GateError) {
            switch own.tool {
            case .discover: return ToolOutcome.text(discover(own.given, context), id: id, era: context.era)
            case .status: return ToolOutcome.text(try await status(own.given, context), id: id, era: context.era)
            case .call, .callAsync, .poll, .await, .cancel, .calls:
                let answer = try await answerAsync(own.tool, own.given, own.meta, context)
                return ToolOutcome.object(answer, id: id, era: context.era)
            }
        } catch {
            return ToolOutcome.failure(error, id: id, era: context.era)
        }
    }

    private static let draining = GateError(
        .draining, "stonegate is stopping and takes no new calls. The call was not sent.", retryAfter: 5)

    // MARK: gate_call

    func call(
        _ given: JSONMembers, _ meta: ByteBuffer?, _ context: MCPContext
    ) throws(GateError) -> GatewayCall {
        guard let tool = given.string("tool") else {
            throw GateError(
                .invalidParams,
                "gate_call needs \"tool\", a string, and \"server\". gate_discover tells which there are.",
                source: .caller)
        }
        let target =
            if let server = given.string("server"), !server.utf8.isEmpty {
                try services.resolve(server: server, tool: tool, context.scope)
            } else {
                try services.resolve(tool, context.scope)
            }
        var call = GatewayCall(
            target: target, arguments: try inner(given), meta: meta, caller: context.caller(services),
            timeout: context.timeout)
        call.key = context.key
        return call
    }

    /// The arguments for the tool. Models often write them as a text that holds JSON; that is understood.
    private func inner(_ given: JSONMembers) throws(GateError) -> ByteBuffer? {
        guard let field = given.find("arguments"), !field.isNull else { return nil }
        if field.isObject { return given.slice(field) }
        if let text = given.string("arguments") {
            if text.utf8.allSatisfy({ $0 <= 0x20 }) { return nil }
            let bytes = ByteBuffer(string: text)
            let valid: Void? = bytes.withUnsafeReadableBytes { try? JSONScanner.validate($0) }
            if valid != nil, let object = JSONMembers(bytes) {
                return bytes.getSlice(at: object.fields.range.lowerBound, length: object.fields.range.count)
            }
        }
        throw GateError(
            .invalidParams, "\"arguments\" of gate_call must be an object with the tool's own arguments.",
            source: .caller)
    }

    // MARK: gate_discover

    private func discover(_ given: JSONMembers, _ context: MCPContext) -> String {
        let query = given.string("query") ?? ""
        let limit = min(max(given.number("limit").flatMap { Int($0) } ?? 10, 1), 50)
        let found = services.discover(query, limit: limit, context.scope)
        guard !found.isEmpty else {
            let servers = services.serverNames(context.scope)
            if servers.isEmpty { return "No servers are connected, so there are no tools to find." }
            return "No tool fits '\(query)'. Try other words, or none to see all tools. Servers: "
                + servers.prefix(50).joined(separator: ", ")
        }
        var schemas: [ToolTarget: ByteBuffer] = [:]
        for tool in services.tools(context.scope) { schemas[tool.target] = tool.inputSchema }
        let tools = found.map { hit -> JSONValue in
            let schema = schemas[ToolTarget(server: hit.server, tool: hit.tool)]
            var members = JSONObject([
                ("server", .string(hit.server)), ("tool", .string(hit.tool)), ("name", .string(hit.name)),
                ("description", .string(hit.description)),
            ])
            members["gate_call"] = [
                "server": .string(hit.server), "tool": .string(hit.tool),
                "arguments": ArgumentHints.object(schema.flatMap { try? JSONValue(parsing: Array(buffer: $0)) }),
            ]
            return .object(members)
        }
        let note: JSONValue =
            "Call a tool by its name, or gate_call with what stands under \"gate_call\", arguments filled in."
        return JSONValue.object(JSONObject([("tools", .array(tools)), ("how_to_call", note)])).text
    }

    // MARK: gate_status

    private func status(_ given: JSONMembers, _ context: MCPContext) async throws(GateError) -> String {
        var servers = await services.servers(context.scope)
        if let wanted = given.string("server"), !wanted.utf8.isEmpty {
            servers = servers.filter { $0.name.utf8.elementsEqual(wanted.utf8) }
            if servers.isEmpty {
                let known = services.serverNames(context.scope).prefix(50).joined(separator: ", ")
                throw GateError(
                    .serverNotFound, "There is no server '\(wanted)'. Servers: \(known.isEmpty ? "none" : known).",
                    source: .caller, server: wanted)
            }
        }
        let health = services.health()
        return JSONValue.object(
            JSONObject([
                ("gateway", ["status": .string(health.status), "version": .string(health.version)]),
                ("servers", .array(servers.map(\.json))),
            ])
        ).text
    }
}
