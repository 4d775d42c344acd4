import GateBackend
import GateCurl
import GateProtocol
import GateTestKit
import NIOCore
import NIOPosix

/// What a link reports, in order.
final class LinkRecorder: MessageLinkReceiver {
    enum Event: Sendable {
        case message(String, exchange: UInt64?)
        case failed(UInt64, LinkFailure)
        case closed(String, unsent: [UInt64])
    }

    let events = Journal<Event>(name: "link events")

    func linkReceived(_ message: ByteBuffer, exchange: UInt64?) {
        events.append(.message(String(buffer: message), exchange: exchange))
    }

    func linkFailed(exchange: UInt64, _ failure: LinkFailure) { events.append(.failed(exchange, failure)) }

    func linkClosed(_ reason: String, unsent: [UInt64]) {
        events.append(.closed(reason, unsent: unsent))
    }

    var messages: [String] {
        events.all.compactMap { if case .message(let text, _) = $0 { text } else { nil } }
    }

    func message(_ exchange: UInt64?, from index: Int = 0) async throws -> String {
        let found = try await events.first(from: index) {
            if case .message(_, let key) = $0 { key == exchange } else { false }
        }
        guard case .message(let text, _) = found.element else { throw TestKitError("no message") }
        return text
    }

    func failure(_ exchange: UInt64) async throws -> LinkFailure {
        let found = try await events.first { if case .failed(exchange, _) = $0 { true } else { false } }
        guard case .failed(_, let failure) = found.element else { throw TestKitError("no failure") }
        return failure
    }

    func closed() async throws -> String {
        let found = try await events.first { if case .closed = $0 { true } else { false } }
        guard case .closed(let reason, _) = found.element else { throw TestKitError("not closed") }
        return reason
    }
}

extension LinkFailure {
    var isNetwork: Bool { if case .network = kind { true } else { false } }
    var isBreach: Bool { if case .protocolBreach = kind { true } else { false } }
    var isSessionLost: Bool { if case .sessionLost = kind { true } else { false } }
    var isTooLarge: Bool { if case .tooLarge = kind { true } else { false } }
    var status: Int? { if case .status(let status, _) = kind { status } else { nil } }
    var body: String? { if case .status(_, let body) = kind { body } else { nil } }
}

enum LinkFixture {
    static func streamable(
        _ url: String, _ recorder: LinkRecorder, headers: [(name: String, value: String)] = [], limit: Int = 16 << 20
    ) throws -> StreamableHTTPLink {
        try StreamableHTTPLink(
            url: url, headers: headers, agent: CurlAgent(), receiver: recorder, maxMessageBytes: limit,
            loop: MultiThreadedEventLoopGroup.singleton.next())
    }

    static func request(
        _ key: UInt64?, _ method: StaticString = MCPMethod.toolsCall, name: String? = nil, era: ProtocolEra = .modern,
        headers: [(name: String, value: String)] = [], padding: Int = 0
    ) -> OutboundMessage {
        let id = key.map { "\"id\":\($0)," } ?? ""
        let pad = String(repeating: "x", count: padding)
        return OutboundMessage(
            key: key, method: method, name: name, headers: headers,
            body: ByteBuffer(
                string: "{\"jsonrpc\":\"2.0\",\(id)\"method\":\"\(method)\",\"params\":{\"pad\":\"\(pad)\"}}\n"),
            era: era)
    }

    static func result(_ id: Int?, _ text: String = "") -> String {
        "{\"jsonrpc\":\"2.0\",\"id\":\(id ?? 0),\"result\":{\"text\":\"\(text)\"}}"
    }

    static func progress(_ step: Int) -> String {
        "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{\"progressToken\":1,\"progress\":\(step)}}"
    }

    /// Takes a legacy session through its handshake: afterwards the server has had `initialized`.
    static func openSession(
        _ link: StreamableHTTPLink, _ server: ScriptedServer, _ recorder: LinkRecorder
    ) async throws {
        link.send(request(1, MCPMethod.initialize, era: .legacy))
        _ = try await recorder.message(1)
        link.established(.v2025_11_25)
        link.send(request(nil, MCPMethod.initialized, era: .legacy))
        _ = try await server.requests.first { $0.body.contains("initialized") }
    }
}
