import GateConfig
import GateHTTP
import GateProtocol
import GateTestKit
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Testing

@testable import GateServer

/// The real front end over a socket, with scripted services behind it.
///
/// The gateway is configured for port 3393 and listens on any: what it accepts as its own name is the configured port.
struct RESTRig: Sendable {
    enum Credential: String, CaseIterable, Sendable {
        case none, wrong, admin
    }

    static let ownHost = "127.0.0.1:3393"

    let services: ScriptedServices
    /// The requests that came through to the MCP endpoint, as `POST all` or `POST alpha`.
    let mcp: Journal<String>
    let port: UInt16
    let token: String

    static func with(
        _ services: ScriptedServices = ScriptedServices(),
        configure: (inout GatewayConfig) -> Void = { _ in },
        _ body: (RESTRig) async throws -> Void
    ) async throws {
        let data = try TemporaryDirectory()
        let directory = try StateDirectory(path: data.path)
        let token = try AdminToken.load(directory: directory)
        var config = services.config
        configure(&config)
        let mcp = Journal<String>(name: "MCP requests")
        let responder = GatewayResponder(services: services, mcp: MCPStub(journal: mcp), token: token, config: config)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let server = HTTPServer(
            configuration: HTTPServerConfiguration(
                addresses: [HTTPBindAddress(host: "127.0.0.1", port: 0)], sweepInterval: nil),
            group: group, responder: responder,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        )
        let port = try #require(try await server.start().first?.port)
        let secret = try #require(data.read(AdminToken.fileName)).filter { !$0.isWhitespace }
        var failure: (any Error)?
        do {
            try await body(RESTRig(services: services, mcp: mcp, port: UInt16(port), token: secret))
        } catch {
            failure = error
        }
        await server.stop(grace: .zero)
        try await group.shutdownGracefully()
        if let failure { throw failure }
    }

    /// One request on a connection of its own. The head is written as it is given, so that wrong ones can be sent.
    ///
    /// - Parameters:
    ///   - hosts: the values of the `Host` headers.
    ///   - headers: further headers; `Content-Type: application/json` is not among them.
    func send(
        _ method: String, _ target: String, _ credential: Credential = .none, hosts: [String] = [ownHost],
        headers: [(String, String)] = [], body: String? = nil
    ) async throws -> HTTPReply {
        var lines = ["\(method) \(target) HTTP/1.1"]
        lines += hosts.map { "Host: \($0)" }
        switch credential {
        case .none: break
        case .wrong: lines.append("Authorization: Bearer \(token.dropLast())\(token.last == "A" ? "Q" : "A")")
        case .admin: lines.append("Authorization: Bearer \(token)")
        }
        lines += headers.map { "\($0.0): \($0.1)" }
        if let body { lines.append("Content-Length: \(body.utf8.count)") }
        let text = lines.joined(separator: "\r\n") + "\r\nConnection: close\r\n\r\n" + (body ?? "")
        let port = port
        let reply = try await offPool {
            let connection = try HTTPConnection(port: port)
            try connection.raw.send(text)
            return try connection.reply(to: method)
        }
        #expect(
            !reply.headers.contains { $0.name.lowercased().hasPrefix("access-control-") },
            "no other site may read answers: \(method) \(target)")
        return reply
    }

    func get(_ target: String, _ credential: Credential = .none) async throws -> HTTPReply {
        try await send("GET", target, credential)
    }

    func post(
        _ target: String, _ body: String, _ credential: Credential = .none, headers: [(String, String)] = []
    ) async throws -> HTTPReply {
        try await send(
            "POST", target, credential, headers: [("Content-Type", "application/json")] + headers, body: body)
    }

    /// Whether nothing behind the front end was asked to do anything.
    var isUntouched: Bool { services.calls.all.isEmpty && services.actions.all.isEmpty && mcp.all.isEmpty }
}

extension HTTPReply {
    /// The code of an error answer.
    var code: String? { (try? json)?["code"]?.stringValue }
    var message: String { (try? json)?["error"]?.stringValue ?? "" }
}

/// Stands in for the MCP front end, which has tests of its own.
private struct MCPStub: MCPEndpoint {
    let journal: Journal<String>

    func respond(to request: HTTPRequest, on exchange: HTTPExchange, scope: Visibility) async {
        let seen =
            switch scope.selection {
            case .all: "all"
            case .servers(let names): names.joined(separator: ",")
            case .server(let name): name
            }
        journal.append("\(request.method.rawValue) \(seen)")
        exchange.send(status: .accepted)
    }

    func openEventStream(_ request: HTTPRequest, on exchange: HTTPExchange, scope: Visibility) {
        journal.append("GET sse")
        exchange.send(status: .accepted)
    }

    func postMessage(_ request: HTTPRequest, on exchange: HTTPExchange, session: String?) async {
        journal.append("POST message")
        exchange.send(status: .accepted)
    }
}
