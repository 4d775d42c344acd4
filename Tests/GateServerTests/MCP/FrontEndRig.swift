import GateHTTP
import GateProtocol
import GateServer
import GateTestKit
import Logging
import NIOCore
import NIOPosix
import Testing

/// A front end on a real HTTP server on a port of its own, and ways to talk to it.
struct FrontEndRig {
    static let key = [UInt8](repeating: 7, count: 32)

    let frontEnd: MCPFrontEnd
    let server: HTTPServer
    let port: UInt16

    private struct Responder: HTTPResponder {
        let frontEnd: MCPFrontEnd

        func respond(to request: HTTPRequest, on exchange: HTTPExchange) async {
            var scope = Visibility.all
            if request.path.hasPrefix("/mcp/") { scope = Visibility(servers: [String(request.path.dropFirst(5))]) }
            if let query = request.query, query.hasPrefix("servers=") {
                scope = Visibility(servers: query.dropFirst(8).split(separator: ",").map(String.init))
            }
            switch request.path {
            case "/sse": frontEnd.openEventStream(request, on: exchange, scope: scope)
            case "/messages":
                let id = request.query.flatMap { $0.hasPrefix("session_id=") ? String($0.dropFirst(11)) : nil }
                await frontEnd.postMessage(request, on: exchange, session: id)
            default: await frontEnd.respond(to: request, on: exchange, scope: scope)
            }
        }
    }

    /// - Parameter directory: where the sessions' records are kept, for a test that restarts the gateway.
    static func with(
        _ services: FakeServices = FakeServices(), options: MCPOptions = MCPOptions(), key: [UInt8] = key,
        directory: StateDirectory? = nil, _ body: (FrontEndRig) async throws -> Void
    ) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let sealer = try #require(SessionSealer(key: key))
        let ledger = SessionLedger(directory: directory, loop: group.next())
        let frontEnd = MCPFrontEnd(
            services: services, sealer: sealer, states: try #require(StateSealer(key: key)), ledger: ledger,
            group: group, options: options)
        let server = HTTPServer(
            configuration: HTTPServerConfiguration(addresses: [HTTPBindAddress(host: "127.0.0.1", port: 0)]),
            group: group, responder: Responder(frontEnd: frontEnd),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        let bound = try await server.start()
        let port = try #require(bound.first.flatMap { UInt16(exactly: $0.port) })
        async let tasks: Void = services.asyncCalls.run { call throws(GateError) in try await services.call(call) }
        var failure: (any Error)?
        do {
            try await body(FrontEndRig(frontEnd: frontEnd, server: server, port: port))
        } catch {
            failure = error
        }
        await services.asyncCalls.shutDown()
        await tasks
        frontEnd.shutdown()
        await server.stop(grace: .zero)
        ledger.flush()
        try await group.shutdownGracefully()
        if let failure { throw failure }
    }

    func post(_ json: String, _ headers: [String: String] = [:], path: String = "/mcp") async throws -> HTTPReply {
        try await HTTP.post(port: port, path, headers: headers, json: json)
    }

    func stream(_ json: String, _ headers: [String: String] = [:], path: String = "/mcp") async throws -> EventStream {
        let usual = ["Content-Type": "application/json", "Accept": "application/json, text/event-stream"]
        return try await EventStream.open(
            "POST", port: port, path, headers: usual.merging(headers) { $1 }, body: Array(json.utf8))
    }

    // MARK: Legacy

    /// Opens a session and returns the headers of its requests.
    func session(_ version: String = "2025-11-25", client: String = "tester", path: String = "/mcp") async throws
        -> [String: String]
    {
        let reply = try await post(
            """
            {"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"\(version)","capabilities":{},\
            "clientInfo":{"name":"\(client)","version":"1"}}}
            """, path: path)
        #expect(reply.status == 200)
        let session = try #require(reply["Mcp-Session-Id"])
        return ["Mcp-Session-Id": session, "MCP-Protocol-Version": version]
    }

    func get(_ headers: [String: String], after last: String? = nil, path: String = "/mcp") async throws -> EventStream
    {
        var headers = headers
        headers["Last-Event-ID"] = last
        return try await EventStream.open("GET", port: port, path, headers: headers)
    }

    // MARK: Modern

    static func envelope(_ version: String) -> String {
        """
        "_meta":{"io.modelcontextprotocol/protocolVersion":"\(version)",\
        "io.modelcontextprotocol/clientCapabilities":{},\
        "io.modelcontextprotocol/clientInfo":{"name":"modern","version":"1"}}
        """
    }

    static func modernHeaders(_ method: String, name: String? = nil) -> [String: String] {
        var headers = ["MCP-Protocol-Version": "2026-07-28", "Mcp-Method": method]
        headers["Mcp-Name"] = name
        return headers
    }

    static func modern(
        _ method: String, id: String = "1", _ params: String = "", version: String = "2026-07-28"
    ) -> String {
        let params = params.isEmpty ? envelope(version) : params + "," + envelope(version)
        return #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":{\#(params)}}"#
    }

    func modern(_ method: String, id: String = "1", name: String? = nil, _ params: String = "") async throws
        -> HTTPReply
    {
        try await post(FrontEndRig.modern(method, id: id, params), FrontEndRig.modernHeaders(method, name: name))
    }
}

extension HTTPReply {
    var json: JSONValue { get throws { try JSONValue(parsing: body) } }
}

/// A legacy request.
func request(_ method: String, id: String = "1", _ params: String = "") -> String {
    #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)"\#(params.isEmpty ? "" : #","params":{\#(params)}"#)}"#
}
