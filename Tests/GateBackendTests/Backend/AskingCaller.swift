import GateBackend
import GateCore
import GateProtocol
import GateTestKit
import NIOCore

/// A caller that can be asked, in a session of its own.
struct AskingCaller: Sendable {
    let session: UInt64
    let events: Journal<CallEvent>
    private let capabilities: ClientCapabilities
    private let level: LogLevel?

    init(_ session: UInt64, _ capabilities: ClientCapabilities = .questions, level: LogLevel? = nil) {
        self.session = session
        self.capabilities = capabilities
        self.level = level
        events = Journal(name: "events of session \(session)")
    }

    /// The questions that have come.
    var questions: [BackendQuestion] {
        events.all.compactMap { if case .question(let question) = $0 { question } else { nil } }
    }

    var logs: Int { events.all.count { if case .log = $0 { true } else { false } } }

    /// The first question, present or to come.
    func question() async throws -> BackendQuestion {
        let found = try await events.first { if case .question = $0 { true } else { false } }
        guard case .question(let question) = found.element else { throw TestKitError("no question") }
        return question
    }

    /// Waits for the question and fills in the form.
    func answers(_ text: String) async throws {
        try await question().answer(
            .result(ByteBuffer(string: #"{"action":"accept","content":{"answer":"\#(text)"}}"#)))
    }

    func reply(
        _ test: TestBackend, _ tool: String, _ arguments: String = "{}", round: CallRound? = nil
    ) async throws(GateError) -> WireMessage {
        var call = BackendCall(
            .tool(tool, arguments: ByteBuffer(string: arguments)), principal: "agent",
            deadline: .now.advanced(by: .seconds(20)),
            listener: CallListener(wantsProgress: true, capabilities: capabilities, logLevel: level) { [events] in
                events.append($0)
            })
        call.session = .session(high: session, low: 0)
        call.round = round
        return try await test.backend.call(call)
    }

    /// The text of a call's first content block.
    func text(_ test: TestBackend, _ tool: String, _ arguments: String = "{}") async throws -> String {
        let reply = try await reply(test, tool, arguments)
        return reply.value(reply.resultMember("content"))?.arrayValue?.first?["text"]?.stringValue ?? reply.errorWords
    }
}

extension WireMessage {
    var errorWords: String { string(find("message", in: envelope.error)) ?? "" }
}
