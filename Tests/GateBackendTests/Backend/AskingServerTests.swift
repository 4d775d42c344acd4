import GateBackend
import GateCore
import GateProtocol
import GateTestKit
import NIOCore
import Testing

/// Questions of real servers in the middle of calls: whose they are, on each transport.
@Suite(.timeLimit(.minutes(1)))
struct AskingServerTests {
    private static let legacy = ["--era", "legacy"]

    private func overHTTP(
        _ flags: [String], _ configure: (inout BackendSettings) -> Void = { _ in },
        _ body: (TestBackend) async throws -> Void
    ) async throws {
        let program = try Program(Products.path("fakemcp"), ["--http", "0", "--era", "legacy"] + flags)
        let line = try await program.errors.first { $0.contains("listening on") }.element
        let url = try #require(line.split(separator: " ").last.map(String.init))
        try await TestBackend.over(
            [],
            configure: {
                $0.connection = .http(.init(url: url, headers: []))
                configure(&$0)
            }, body)
        _ = try await program.stop()
    }

    /// A call that stays open, and is at the server when this returns.
    private func hold(_ test: TestBackend, _ caller: AskingCaller) async throws -> Task<Void, Never> {
        let task = Task { _ = try? await caller.reply(test, "progress", #"{"n":2,"ms":60000}"#) }
        _ = try await caller.events.first { if case .progress = $0 { true } else { false } }
        return task
    }

    @Test func everyKindIsAskedAndAnsweredOnAPipe() async throws {
        let questions = { (settings: inout BackendSettings) in settings.questions.roots = ["file:///srv"] }
        try await TestBackend.over(AskingServerTests.legacy, configure: questions) { test in
            let cases = [
                ("form", #"{"action":"accept","content":{"answer":"Ada"}}"#, "accept: Ada"),
                ("url", #"{"action":"decline"}"#, "decline: "),
                ("sampling", #"{"role":"assistant","content":{"type":"text","text":"4"},"model":"m"}"#, "sampled: 4"),
                ("roots", #"{"roots":[{"uri":"file:///home"}]}"#, #"roots: [{"uri":"file:///home"}]"#),
            ]
            for (number, (kind, answer, told)) in cases.enumerated() {
                let caller = AskingCaller(UInt64(number))
                async let text = caller.text(test, "ask", #"{"kind":"\#(kind)"}"#)
                try await caller.question().answer(.result(ByteBuffer(string: answer)))
                #expect(try await text == told)
                #expect(caller.questions.count == 1)
            }
            // Whoever cannot name roots is spoken for by the configuration.
            let mute = AskingCaller(9, [])
            #expect(try await mute.text(test, "ask", #"{"kind":"roots"}"#) == #"roots: [{"uri":"file:///srv"}]"#)
            #expect(try await mute.text(test, "ask").hasPrefix("error: the agent whose call this is cannot be asked"))
        }
    }

    @Test func withTwoAgentsOnOnePipeNeitherIsAsked() async throws {
        try await TestBackend.over(AskingServerTests.legacy) { test in
            let (one, two) = (AskingCaller(1), AskingCaller(2))
            await test.reached(.running)
            let held = try await hold(test, two)
            let text = try await one.text(test, "ask")
            #expect(text.hasPrefix("error: calls of several agents"))
            #expect(one.questions.isEmpty && two.questions.isEmpty)
            #expect(test.backend.status(now: .now).refusedQuestions == 1)
            // One that was given up may still be running: nothing is known of it.
            held.cancel()
            await held.value
            #expect(try await one.text(test, "ask").hasPrefix("error: calls of several agents"))
            #expect(one.questions.isEmpty && two.questions.isEmpty)
        }
    }

    @Test(arguments: [[], ["--reply", "sse"]])
    func overHTTPEachIsAskedItsOwn(flags: [String]) async throws {
        try await overHTTP(flags) { test in
            let (one, two) = (AskingCaller(1), AskingCaller(2))
            async let first = one.text(test, "ask", #"{"message":"one"}"#)
            async let second = two.text(test, "ask", #"{"message":"two"}"#)
            let questions = try await (one.question(), two.question())
            #expect(String(buffer: questions.0.params).contains(#""message":"one""#))
            #expect(String(buffer: questions.1.params).contains(#""message":"two""#))
            try await two.answers("second")
            try await one.answers("first")
            let texts = try await (first, second)
            #expect(texts == ("accept: first", "accept: second"))
            #expect(one.questions.count == 1 && two.questions.count == 1)
        }
    }

    @Test func onTheStreamOfTheServerItselfOnlyTheOnlyCallIsAsked() async throws {
        try await overHTTP([]) { test in
            let (one, two) = (AskingCaller(1), AskingCaller(2))
            async let text = one.text(test, "ask", #"{"over":"stream"}"#)
            try await one.answers("alone")
            #expect(try await text == "accept: alone")
            let held = try await hold(test, two)
            #expect(try await one.text(test, "ask", #"{"over":"stream"}"#).hasPrefix("error: calls of several agents"))
            #expect(one.questions.count == 1 && two.questions.isEmpty)
            held.cancel()
        }
    }

    @Test func theTransportOf2024AsksLikeAPipe() async throws {
        try await overHTTP(["--http-sse"], { $0.questions.isOneAtATime = true }) { test in
            try await asksInTurn(test)
        }
    }

    @Test func oneAtATimeMakesItCertain() async throws {
        try await TestBackend.over(
            AskingServerTests.legacy, configure: { $0.questions.isOneAtATime = true }
        ) { test in try await asksInTurn(test) }
    }

    private func asksInTurn(_ test: TestBackend) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for session in UInt64(1)...8 {
                group.addTask {
                    let caller = AskingCaller(session)
                    async let text = caller.text(test, "ask", #"{"message":"to \#(session)"}"#)
                    let question = try await caller.question()
                    #expect(String(buffer: question.params).contains("to \(session)"))
                    try await caller.answers("\(session)")
                    let told = try await text
                    #expect(told == "accept: \(session)")
                    #expect(caller.questions.count == 1)
                }
            }
            try await group.waitForAll()
        }
    }

    @Test(arguments: [legacy, ["--era", "modern"]])
    func neverMeansThatTheServerIsToldSo(flags: [String]) async throws {
        try await TestBackend.over(flags, configure: { $0.questions.isOff = true }) { test in
            let caller = AskingCaller(1)
            let text = try await caller.text(test, "ask")
            #expect(text == "the client cannot be asked")
            #expect(caller.questions.isEmpty)
        }
    }

    @Test func aQuestionThatIsTakenBackIsWithdrawn() async throws {
        try await TestBackend.over(AskingServerTests.legacy) { test in
            let caller = AskingCaller(1)
            #expect(try await caller.text(test, "ask", #"{"withdraw":true}"#) == "never mind")
            let question = try await caller.question()
            #expect(!question.isOpen)
            let told = Journal<Bool>(name: "told")
            question.onWithdrawal { told.append(true) }
            #expect(told.all == [true])
        }
    }

    @Test func theEndOfTheServerWithdrawsWhatItAsked() async throws {
        try await TestBackend.over(AskingServerTests.legacy) { test in
            let caller = AskingCaller(1)
            async let text = caller.text(test, "ask")
            let question = try await caller.question()
            let told = Journal<Bool>(name: "told")
            question.onWithdrawal { told.append(true) }
            test.backend.restart()
            _ = try await told.first { $0 }
            #expect(!question.answer(.result(ByteBuffer(string: "{}"))))
            _ = try? await text
        }
    }

    @Test func anotherRoundOfAModernServerIsAnAnswer() async throws {
        try await TestBackend.over(["--era", "modern"]) { test in
            let caller = AskingCaller(1)
            let first = try await caller.reply(test, "ask")
            #expect(first.string(first.resultMember("resultType")) == "input_required")
            let state = try #require(first.resultMember("requestState")).value
            let round = CallRound(
                responses: ByteBuffer(string: #"{"answer":{"action":"accept","content":{"answer":"Ada"}}}"#),
                state: first.slice(state))
            let second = try await caller.reply(test, "ask", round: round)
            #expect(second.value(second.resultMember("content"))?.arrayValue?.first?["text"] == "accept: Ada")
            #expect(caller.questions.isEmpty)
            let status = test.backend.status(now: .now)
            #expect(status.count.errors == 0 && status.circuit == .closed)
            // Each call says what its own caller can do.
            let mute = try await AskingCaller(2, .sampling).reply(test, "ask")
            #expect(mute.int(mute.find("code", in: mute.envelope.error)) == -32021)
        }
    }

    @Test func logMessagesOfTwoAgentsOnOnePipeAreNobodys() async throws {
        try await TestBackend.over(AskingServerTests.legacy) { test in
            let (one, two) = (AskingCaller(1, [], level: .info), AskingCaller(2, [], level: .info))
            #expect(try await one.text(test, "log", #"{"level":"warning"}"#) == "logged")
            #expect(one.logs == 1)
            let held = try await hold(test, two)
            #expect(try await one.text(test, "log", #"{"level":"warning"}"#) == "logged")
            #expect(one.logs == 1 && two.logs == 0)
            #expect(test.backend.status(now: .now).droppedLogs == 1)
            held.cancel()
        }
    }
}
