import GateCore
import GateProtocol
import GateTestKit
import NIOCore
import Synchronization
import Testing

@testable import GateBackend

/// Questions and log messages of backends: whose they are, and what becomes of them.
struct QuestionTests {
    private static let elicitation =
        #"{"jsonrpc":"2.0","id":0,"method":"elicitation/create","params":{"message":"Name?","x":1.50}}"#
    private static let done = #""result":{"content":[]}}"#

    private func question(_ events: Journal<CallEvent>) async throws -> BackendQuestion {
        let found = try await events.first { if case .question = $0 { true } else { false } }
        guard case .question(let question) = found.element else { throw TestKitError("no question") }
        return question
    }

    private func ended(_ scene: ScriptedConnection, key: Int) {
        scene.receive(#"{"jsonrpc":"2.0","id":\#(key),"# + QuestionTests.done)
    }

    @Test func aQuestionOfTheOnlyCallReachesItsCallerAndTheAnswerGoesBackAsItIs() async throws {
        let scene = ScriptedConnection()
        let events = Journal<CallEvent>(name: "events")
        async let reply = scene.call(session: 1, .elicitationForm, events: events)
        _ = try await scene.sent.first { $0.contains("tools/call") }
        scene.receive(QuestionTests.elicitation)
        let question = try await question(events)
        #expect(String(buffer: question.params) == #"{"message":"Name?","x":1.50}"#)
        #expect(question.answer(.result(ByteBuffer(string: #"{"action":"accept","content":{"n":1.0}}"#))))
        #expect(!question.answer(.error(code: 1, message: "late")))
        #expect(
            scene.sent.all.last
                == #"{"jsonrpc":"2.0","id":0,"result":{"action":"accept","content":{"n":1.0}}}"# + "\n")
        ended(scene, key: 1)
        #expect(try await reply.envelope.kind == .result)
    }

    @Test func overHTTPTheStreamSaysWhoseItIs() async throws {
        let scene = ScriptedConnection()
        let events = [Journal<CallEvent>(name: "one"), Journal<CallEvent>(name: "two")]
        async let one = scene.call(session: 1, .elicitationForm, events: events[0])
        _ = try await scene.sent.first { $0.contains("\"id\":1,") }
        async let two = scene.call(session: 2, .elicitationForm, events: events[1])
        _ = try await scene.sent.first { $0.contains("\"id\":2,") }
        scene.receive(QuestionTests.elicitation, exchange: 2)
        #expect(try await question(events[1]).answer(.error(code: -1, message: "no")))
        #expect(scene.sent.all.last == #"{"jsonrpc":"2.0","id":0,"error":{"code":-1,"message":"no"}}"# + "\n")
        #expect(events[0].all.isEmpty)
        ended(scene, key: 1)
        ended(scene, key: 2)
        _ = try await (one, two)
    }

    @Test func onAPipeNobodyIsAskedWhenItCouldBeTwo() async throws {
        let scene = ScriptedConnection()
        let events = Journal<CallEvent>(name: "events")
        async let one = scene.call(session: 1, .elicitationForm, events: events)
        _ = try await scene.sent.first { $0.contains("\"id\":1,") }
        async let two = scene.call(session: 2, .elicitationForm, events: events)
        _ = try await scene.sent.first { $0.contains("\"id\":2,") }
        scene.receive(QuestionTests.elicitation)
        let refusal = try #require(scene.sent.all.last)
        #expect(refusal.contains(#""id":0,"error":{"code":-32601"#) && refusal.contains("several agents"))
        #expect(events.all.isEmpty)
        ended(scene, key: 1)
        ended(scene, key: 2)
        _ = try await (one, two)
    }

    @Test func whoCannotAnswerIsNotAsked() async throws {
        let scene = ScriptedConnection()
        let events = Journal<CallEvent>(name: "events")
        async let call = scene.call(session: 1, [.elicitationURL, .sampling], events: events)
        _ = try await scene.sent.first { $0.contains("tools/call") }
        scene.receive(QuestionTests.elicitation)
        scene.receive(
            #"{"jsonrpc":"2.0","id":"s","method":"sampling/createMessage","params":{"messages":[],"tools":[]}}"#)
        scene.receive(#"{"jsonrpc":"2.0","id":"r","method":"roots/list"}"#)
        scene.receive(#"{"jsonrpc":"2.0","id":"x","method":"something/else"}"#)
        scene.receive(#"{"jsonrpc":"2.0","id":"p","method":"ping"}"#)
        let answers = scene.sent.all.suffix(5)
        #expect(answers.prefix(4).allSatisfy { $0.contains("\"code\":-32601") })
        #expect(answers.last == #"{"jsonrpc":"2.0","id":"p","result":{}}"# + "\n")
        #expect(events.all.isEmpty)
        ended(scene, key: 1)
        _ = try await call
    }

    @Test func rootsOfTheConfigurationAnswerWhereNoAgentCan() async throws {
        let scene = ScriptedConnection(rules: QuestionRules(isOff: true, roots: ["file:///srv"]))
        #expect(scene.connection.rules.declared == .roots)
        scene.receive(#"{"jsonrpc":"2.0","id":7,"method":"roots/list"}"#)
        #expect(scene.sent.all == [#"{"jsonrpc":"2.0","id":7,"result":{"roots":[{"uri":"file:///srv"}]}}"# + "\n"])
        #expect(QuestionRules().declared == ClientCapabilities.questions.subtracting(.roots))
    }

    @Test func theTimeOfACallStandsStillWhileItsQuestionIsOpen() async throws {
        let scene = ScriptedConnection(rules: QuestionRules(timeout: .seconds(3_600)))
        let events = Journal<CallEvent>(name: "events")
        async let call = scene.call(session: 1, .elicitationForm, within: .seconds(600), events: events)
        _ = try await scene.sent.first { $0.contains("tools/call") }
        scene.receive(QuestionTests.elicitation)
        let question = try await question(events)
        scene.connection.sweep(now: .now.advanced(by: .seconds(1_000)))
        #expect(scene.connection.inFlight == 1)
        question.answer(.result(ByteBuffer(string: "{}")))
        scene.connection.sweep(now: .now.advanced(by: .seconds(500)))
        #expect(scene.connection.inFlight == 1)
        scene.connection.sweep(now: .now.advanced(by: .seconds(1_000)))
        do {
            _ = try await call
            Issue.record("it has not timed out")
        } catch {
            #expect((error as? GateError)?.code == .timeout)
        }
    }

    @Test func aQuestionThatNobodyAnswersIsAnsweredForThem() async throws {
        let scene = ScriptedConnection(rules: QuestionRules(timeout: .seconds(60)))
        let events = Journal<CallEvent>(name: "events")
        async let call = scene.call(session: 1, [.elicitationForm, .sampling], within: .seconds(600), events: events)
        _ = try await scene.sent.first { $0.contains("tools/call") }
        scene.receive(QuestionTests.elicitation)
        let question = try await question(events)
        let withdrawn = Journal<Bool>(name: "withdrawn")
        question.onWithdrawal { withdrawn.append(true) }
        scene.connection.sweep(now: .now.advanced(by: .seconds(61)))
        #expect(withdrawn.all == [true] && !question.isOpen)
        #expect(scene.sent.all.last == #"{"jsonrpc":"2.0","id":0,"result":{"action":"cancel"}}"# + "\n")
        scene.receive(#"{"jsonrpc":"2.0","id":0,"method":"sampling/createMessage","params":{}}"#)
        scene.connection.sweep(now: .now.advanced(by: .seconds(61)))
        #expect(scene.sent.all.last?.contains(#""id":0,"error""#) == true)
        ended(scene, key: 1)
        _ = try await call
    }

    @Test func whatNobodyNeedsAnyMoreIsWithdrawn() async throws {
        let scene = ScriptedConnection()
        let withdrawn = Journal<String>(name: "withdrawn")
        let events = Journal<CallEvent>(name: "events")
        async let call = scene.call(session: 1, .elicitationForm, events: events)
        _ = try await scene.sent.first { $0.contains("tools/call") }
        scene.receive(QuestionTests.elicitation)
        try await question(events).onWithdrawal { withdrawn.append("taken back") }
        scene.receive(#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":0}}"#)
        #expect(withdrawn.all == ["taken back"])
        let count = scene.sent.all.count
        scene.receive(QuestionTests.elicitation)
        let second = try await events.first(from: 1) { if case .question = $0 { true } else { false } }
        guard case .question(let open) = second.element else { return }
        open.onWithdrawal { withdrawn.append("ended") }
        ended(scene, key: 1)
        _ = try await call
        #expect(withdrawn.all == ["taken back", "ended"])
        #expect(!open.answer(.result(ByteBuffer(string: "{}"))))
        #expect(scene.sent.all.count == count)
    }

    @Test func whatComesLateOnTheStreamOfACallThatIsOverIsNobodys() async throws {
        let scene = ScriptedConnection()
        let events = Journal<CallEvent>(name: "events")
        async let call = scene.call(session: 1, .elicitationForm, level: .debug, events: events)
        _ = try await scene.sent.first { $0.contains("tools/call") }
        scene.receive(QuestionTests.elicitation, exchange: 7)
        scene.receive(
            #"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"error","data":1}}"#, exchange: 7)
        #expect(scene.sent.all.last?.contains("no agent's call is running") == true)
        #expect(events.all.isEmpty)
        #expect(scene.connection.refusedQuestions == 1 && scene.connection.droppedLogs == 1)
        ended(scene, key: 1)
        _ = try await call
    }

    @Test func aCallThatWasGivenUpMayStillBeTheOneThatAsks() async throws {
        let scene = ScriptedConnection()
        let events = Journal<CallEvent>(name: "events")
        let first = Task { try await scene.call(session: 1, .elicitationForm, events: events) }
        _ = try await scene.sent.first { $0.contains("\"id\":1,") }
        first.cancel()
        _ = await first.result
        async let second = scene.call(session: 2, .elicitationForm, events: events)
        _ = try await scene.sent.first { $0.contains("\"id\":2,") }
        scene.receive(QuestionTests.elicitation)
        #expect(scene.sent.all.last?.contains("were given up") == true && events.all.isEmpty)
        // Its late answer says that it is over.
        ended(scene, key: 1)
        scene.receive(QuestionTests.elicitation)
        try await question(events).answer(.result(ByteBuffer(string: "{}")))
        ended(scene, key: 2)
        _ = try await second
    }

    @Test func aServerOf2026HasNoRequestsOfItsOwn() async throws {
        let scene = ScriptedConnection(era: .modern)
        let events = Journal<CallEvent>(name: "events")
        async let call = scene.call(session: 1, .elicitationForm, events: events)
        _ = try await scene.sent.first { $0.contains("tools/call") }
        scene.receive(QuestionTests.elicitation, exchange: 1)
        #expect(scene.sent.all.last?.contains(#""id":0,"error":{"code":-32601"#) == true)
        #expect(events.all.isEmpty)
        ended(scene, key: 1)
        _ = try await call
    }

    @Test func questionsAreBoundedAndTheirIdsUnique() async throws {
        let scene = ScriptedConnection()
        let events = Journal<CallEvent>(name: "events")
        async let call = scene.call(session: 1, .elicitationForm, events: events)
        _ = try await scene.sent.first { $0.contains("tools/call") }
        scene.receive(QuestionTests.elicitation)
        scene.receive(QuestionTests.elicitation)
        #expect(scene.sent.all.last?.contains("this id belongs to a question that is still open") == true)
        for number in 1...QuestionRules.maxOpenPerCall {
            scene.receive(#"{"jsonrpc":"2.0","id":\#(number),"method":"elicitation/create","params":{}}"#)
        }
        #expect(scene.sent.all.last?.contains("too many questions are open") == true)
        #expect(events.all.count == QuestionRules.maxOpenPerCall)
        ended(scene, key: 1)
        _ = try await call
    }

    @Test func whoAsksWorks() async throws {
        let scene = ScriptedConnection()
        let events = Journal<CallEvent>(name: "events")
        async let lost = scene.call(session: 1, within: .seconds(600))
        _ = try await scene.sent.first { $0.contains("\"id\":1,") }
        async let call = scene.call(session: 1, .elicitationForm, within: .seconds(6_000), events: events)
        _ = try await scene.sent.first { $0.contains("\"id\":2,") }
        scene.connection.sweep(now: .now.advanced(by: .seconds(1_000)))
        _ = try? await lost
        #expect(!scene.connection.isWorking)
        scene.receive(QuestionTests.elicitation)
        #expect(scene.connection.isWorking && events.all.count == 1)
        ended(scene, key: 2)
        _ = try await call
    }

    @Test func logMessagesReachOnlyTheCallThatWantsThem() async throws {
        let scene = ScriptedConnection()
        scene.connection.state.withLock { $0.takesLogLevel = true }
        let wanted = Journal<CallEvent>(name: "wanted")
        let other = Journal<CallEvent>(name: "other")
        async let one = scene.call(session: 1, level: .warning, events: wanted)
        let setting = try await scene.sent.first { $0.contains("logging/setLevel") }
        #expect(setting.element.contains(#""params":{"level":"warning"}"#))
        scene.receive(#"{"jsonrpc":"2.0","id":1,"result":{}}"#)
        _ = try await scene.sent.first { $0.contains("tools/call") }
        func log(_ level: String, exchange: UInt64? = nil) {
            let text = #"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"\#(level)","data":1.0}}"#
            scene.receive(text, exchange: exchange)
        }
        log("info")
        log("error")
        async let two = scene.call(session: 2, events: other)
        _ = try await scene.sent.first { $0.contains("\"id\":3,") }
        log("error")
        log("alert", exchange: 2)
        log("alert", exchange: 3)
        #expect(other.all.isEmpty)
        let levels = wanted.all.map { event -> String in
            if case .log(let level, let params) = event { "\(level.name) \(String(buffer: params))" } else { "?" }
        }
        #expect(levels == [#"error {"level":"error","data":1.0}"#, #"alert {"level":"alert","data":1.0}"#])
        ended(scene, key: 2)
        ended(scene, key: 3)
        _ = try await (one, two)
    }

    @Test func aModernBackendIsToldWhatThisCallerCanAnswer() async throws {
        let scene = ScriptedConnection(era: .modern)
        async let call = scene.call(
            session: 1, [.elicitationForm, .elicitationURL, .samplingTools, .sampling, .tasks], level: .info)
        let sent = try await scene.sent.first { $0.contains("tools/call") }.element
        #expect(
            sent.contains(
                #""io.modelcontextprotocol/clientCapabilities":{"elicitation":{"form":{},"url":{}},"sampling":{"tools":{}}}"#
            ))
        #expect(sent.contains(#""io.modelcontextprotocol/logLevel":"info""#))
        ended(scene, key: 1)
        _ = try await call
    }
}

struct QuestionAttributionTests {
    private func candidate(_ key: UInt64, session: UInt64, willing: Bool = true) -> QuestionAttribution.Candidate {
        .init(key: key, owner: .session(high: session, low: 0), isWilling: willing)
    }

    @Test func certainIsTheOnlyCallOrTheOnlySession() {
        let agent = QuestionAttribution.Candidate(key: 9, owner: .agent("a"), isWilling: true)
        #expect(QuestionAttribution.decide([]) == .noCall)
        #expect(QuestionAttribution.decide([agent]) == .call(9))
        #expect(QuestionAttribution.decide([candidate(1, session: 1), candidate(2, session: 1)]) == .call(2))
        #expect(
            QuestionAttribution.decide([candidate(1, session: 1), candidate(2, session: 1, willing: false)]) == .call(1)
        )
        #expect(QuestionAttribution.decide([candidate(1, session: 1, willing: false)]) == .unwilling)
        #expect(QuestionAttribution.decide([candidate(1, session: 1), candidate(2, session: 2)]) == .uncertain)
        // One that cannot be asked may still be the one that caused it.
        #expect(
            QuestionAttribution.decide([candidate(1, session: 1), candidate(2, session: 2, willing: false)])
                == .uncertain)
        let named = QuestionAttribution.Candidate(key: 4, owner: .namedAgent("a"), isWilling: true)
        #expect(QuestionAttribution.decide([named, candidate(1, session: 1)]) == .uncertain)
        #expect(QuestionAttribution.decide([named, named]) == .call(4))
        // Two clients of one framework have the same name.
        #expect(QuestionAttribution.decide([agent, agent]) == .uncertain)
    }
}

struct TaskAttributionTests {
    @Test func aCallThatGoesOnAsATaskCounts() {
        var table = PendingTable()
        table.beginTask(1, .session(high: 1, low: 0))
        #expect(table.candidates { _ in true }.map(\.key) == [1])
        #expect(table.candidates { _ in true }.first?.isWilling == false)
        table.endTask(1)
        #expect(table.candidates { _ in true }.isEmpty)
    }
}

struct GivenUpCallsTests {
    private let start = Instant.now

    @Test func theyCountUntilTheyAreAnsweredOrLongGone() {
        var calls = GivenUpCalls()
        #expect(calls.candidates(now: start)?.isEmpty == true)
        calls.add(1, .session(high: 1, low: 0), now: start)
        calls.add(2, .session(high: 2, low: 0), now: start.advanced(by: .seconds(5)))
        #expect(calls.candidates(now: start)?.count == 2)
        calls.remove(1)
        #expect(calls.candidates(now: start)?.map(\.key) == [2])
        #expect(calls.candidates(now: start.advanced(by: GivenUpCalls.hold))?.count == 1)
        #expect(calls.candidates(now: start.advanced(by: GivenUpCalls.hold + .seconds(5)))?.isEmpty == true)
    }

    @Test func whenThereAreTooManyNothingIsCertain() {
        var calls = GivenUpCalls()
        for key in 0...UInt64(GivenUpCalls.capacity) { calls.add(key, .session(high: 1, low: 0), now: start) }
        for key in 0...UInt64(GivenUpCalls.capacity) { calls.remove(key) }
        #expect(calls.candidates(now: start) == nil)
        #expect(calls.candidates(now: start.advanced(by: GivenUpCalls.hold))?.isEmpty == true)
    }
}
