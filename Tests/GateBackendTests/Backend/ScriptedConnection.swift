import GateCore
import GateProtocol
import GateTestKit
import NIOCore
import NIOPosix
import Synchronization

@testable import GateBackend

/// A conversation whose other side is the test: what is sent is written down, what comes in is what the test says.
final class ScriptedConnection: Sendable {
    /// Takes what is sent. Its own reference to the conversation would keep both alive.
    private final class Link: MessageLink {
        let sent: Journal<String>

        init(_ sent: Journal<String>) { self.sent = sent }

        func send(_ message: OutboundMessage) { sent.append(String(buffer: message.body)) }
        func abandon(_ key: UInt64) -> Bool { false }
        func established(_ version: ProtocolVersion) {}
        func close() async {}
    }

    let connection: BackendConnection
    let sent = Journal<String>(name: "sent")

    init(rules: QuestionRules = .init(), era: ProtocolEra = .legacy) {
        connection = BackendConnection(
            server: "s", eventLoop: MultiThreadedEventLoopGroup.singleton.next(), rules: rules)
        connection.era = era
        connection.attach(Link(sent))
    }

    /// Lets the backend send a message.
    func receive(_ text: String, exchange: UInt64? = nil) {
        connection.linkReceived(ByteBuffer(string: text), exchange: exchange)
    }

    /// Calls a tool; the answer is what the task of the call gets.
    func call(
        session: UInt64?, _ capabilities: ClientCapabilities = [], level: LogLevel? = nil,
        within: Duration = .seconds(20), events: Journal<CallEvent> = Journal(name: "events")
    ) async throws(GateError) -> WireMessage {
        var call = BackendCall(
            .tool("t", arguments: nil), principal: "agent", deadline: .now.advanced(by: within),
            listener: CallListener(capabilities: capabilities, logLevel: level) { events.append($0) })
        call.session = session.map { .session(high: $0, low: 0) }
        let request = BackendRequest(call)
        await connection.raiseLogLevel(for: request)
        return try await connection.send(request)
    }
}
