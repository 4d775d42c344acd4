import GateBackend
import GateConfig
import GateHTTP
import GateProtocol
import NIOCore
import NIOHTTP1

/// The REST routes: decode, ask the services, encode. A call's arguments and result pass through as bytes.
struct RESTRoutes: Sendable {
    let services: any GatewayServices

    // MARK: Calling

    func call(_ request: RESTRequest) async throws(GateError) -> RESTReply {
        let call = try request.call(CallBody(request.http.body), services)
        let services = services
        let executor = request.http.executor
        // The client's end cancels the call, and with it what the backend does.
        let task = Task(executorPreference: executor) { () -> Result<CallReply, GateError> in
            do throws(GateError) {
                return .success(try await GatewayRounds(services: services).call(call, nil))
            } catch {
                return .failure(error)
            }
        }
        request.exchange.onClose { _ in task.cancel() }
        return RESTReply(parts: RESTRoutes.parts(try await task.value.get()))
    }

    private static func parts(_ reply: CallReply) -> [ByteBuffer] {
        var head = ByteBuffer()
        head.writeStaticString("{\"result\":")
        var tail = ByteBuffer()
        tail.writeStaticString(",\"server\":")
        tail.writeJSONString(reply.server)
        tail.writeStaticString(",\"tool\":")
        tail.writeJSONString(reply.tool)
        tail.writeStaticString(",\"duration_ms\":")
        let (seconds, attoseconds) = reply.duration.components
        let microseconds = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
        tail.writeString(JSONValue(rounded: Double(microseconds) / 1_000).text)
        tail.writeStaticString(reply.isError ? ",\"is_error\":true" : "")
        tail.writeStaticString(",\"correlation_id\":")
        tail.writeJSONString(reply.correlationID)
        tail.writeStaticString("}")
        return [head, reply.result, tail]
    }

    // MARK: The catalog

    func tools(_ request: RESTRequest) async throws(GateError) -> RESTReply { list(services.tools(request.visibility)) }

    func toolsOfServer(_ request: RESTRequest) async throws(GateError) -> RESTReply {
        let server = try known(request.parameters["server"] ?? "", request.visibility)
        return list(services.tools(request.visibility.only(server)))
    }

    private func list(_ tools: [CatalogTool]) -> RESTReply {
        var out = ByteBuffer()
        out.writeStaticString("{\"tools\":[")
        for (index, tool) in tools.enumerated() {
            if index > 0 { out.writeStaticString(",") }
            RESTRoutes.writeSummary(of: tool, to: &out)
            out.writeStaticString("}")
        }
        out.writeStaticString("],\"total\":")
        out.writeDecimal(UInt64(tools.count))
        out.writeStaticString("}")
        return RESTReply(parts: [out])
    }

    /// A tool's object up to its last common member, left open for more.
    private static func writeSummary(of tool: CatalogTool, to out: inout ByteBuffer) {
        out.writeStaticString("{\"name\":")
        out.writeJSONString(tool.name)
        out.writeStaticString(",\"server\":")
        out.writeJSONString(tool.target.server)
        out.writeStaticString(",\"tool\":")
        out.writeJSONString(tool.target.tool)
        out.writeStaticString(",\"description\":")
        out.writeJSONString(tool.description)
        out.writeStaticString(",\"parameters\":")
        out.writeImmutable(tool.inputSchema)
    }

    func discover(_ request: RESTRequest) async throws(GateError) -> RESTReply {
        let limit = try request.integer("limit", default: 10, in: 1...1_000)
        let words = request.query["query"] ?? ""
        guard words.utf8.count <= 8_192 else {
            throw GateError(.badRequest, "The query is longer than 8 KiB.", source: .caller)
        }
        let found = services.discover(words, limit: limit, request.visibility)
        return RESTReply([
            "tools": .array(found.map(\.json)), "total": .init(found.count), "query": .string(words),
        ])
    }

    func schema(_ request: RESTRequest) async throws(GateError) -> RESTReply {
        let server = try known(request.parameters["server"] ?? "", request.visibility)
        let target = try services.resolve(
            server: server, tool: request.parameters["tool"] ?? "", request.visibility.only(server))
        guard let tool = services.tools(request.visibility.only(server)).first(where: { $0.target == target }) else {
            throw GateError(.toolNotFound, "There is no such tool at the moment.", source: .caller)
        }
        var out = ByteBuffer()
        RESTRoutes.writeSummary(of: tool, to: &out)
        out.writeStaticString(",\"definition\":")
        out.writeImmutable(tool.original)
        out.writeString(",\"repairs\":\(JSONValue.array(tool.repairs.map { .string($0) }).text)}")
        return RESTReply(parts: [out])
    }

    private func known(_ server: String, _ visibility: Visibility) throws(GateError) -> String {
        guard services.serverNames(visibility).contains(where: { $0.utf8.elementsEqual(server.utf8) }) else {
            throw GateError(
                .serverNotFound, "There is no server '\(server)'. GET /server/list shows which there are.",
                source: .caller, server: server)
        }
        return server
    }

    // MARK: Servers

    func serverList(_ request: RESTRequest) async throws(GateError) -> RESTReply {
        let servers = await services.servers(request.visibility)
        return RESTReply(["servers": .array(servers.map(\.json)), "total": .init(servers.count)])
    }

    func act(_ action: ServerAction, _ request: RESTRequest) async throws(GateError) -> RESTReply {
        let body = try request.json()
        guard let name = body["name"]?.stringValue, name.utf8.count <= 512 else {
            throw GateError(.badRequest, "The body needs {\"name\": \"…\"}, the name of a server.", source: .caller)
        }
        switch action {
        case .start: try await services.startServer(name)
        case .stop: try await services.stopServer(name)
        case .restart: try await services.restartServer(name)
        case .remove: try await services.removeServer(name)
        }
        return RESTReply(["ok": true, "name": .string(name), "action": .string(action.rawValue)])
    }

    func addServer(_ request: RESTRequest) async throws(GateError) -> RESTReply {
        let config: BackendConfig
        do throws(ConfigProblems) {
            config = try BackendConfig.validated(json: request.http.body.readableBytesView)
        } catch {
            throw GateError(.badRequest, error.problems.map(\.description).joined(separator: "; "), source: .caller)
        }
        try await services.addServer(config)
        return RESTReply(["ok": true, "name": .string(config.name), "action": "add"], status: .created)
    }

    // MARK: The gateway

    func config(_ request: RESTRequest) async throws(GateError) -> RESTReply {
        RESTReply(parts: [ByteBuffer(string: EffectiveConfig(services.config).json)])
    }

    func reload(_ request: RESTRequest) async throws(GateError) -> RESTReply {
        RESTReply(try await services.reload().json)
    }

    func stop(_ request: RESTRequest) async throws(GateError) -> RESTReply {
        RESTReply(services.requestStop().json, status: .accepted)
    }

    func stats(_ request: RESTRequest) async throws(GateError) -> RESTReply {
        RESTReply(await services.stats(of: request.http.headers.identity).json)
    }

    func health(_ request: RESTRequest) async throws(GateError) -> RESTReply {
        RESTReply((request.isOperator ? services.health() : services.health().public).json)
    }
}
