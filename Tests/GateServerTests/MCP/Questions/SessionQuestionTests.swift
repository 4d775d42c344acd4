@testable import GateServer
import GateBackend
import GateProtocol
import GateTestKit
import NIOCore
import Testing

/// Agents with sessions are asked on the stream of their call.
struct SessionQuestionTests {
    private static let call = #""name":"search""#
    private static let accept = #"{"action":"accept","content":{"name":"Ada","n":1.0}}"#

    @Test(arguments: [call, #""name":"gate_call","arguments":{"server":"web","tool":"search"}"#])
    func aQuestionTravelsOnTheCallsStream(_ call: String) async throws {
        try await FrontEndRig.with(Asking.services()) { rig in
            let headers = try await rig.session(declaring: Asking.everything)
            let stream = try await rig.stream(request("tools/call", id: "7", call), headers)
            #expect(stream.head["Content-Type"] == "text/event-stream")
            let question = try JSONValue(parsing: try await stream.next().data)
            #expect(question["method"] == "elicitation/create")
            #expect(question["params"]?.text == Asking.form)
            #expect(rig.frontEnd.openQuestions == 1)
            try await rig.answer(question["id"], SessionQuestionTests.accept, headers)
            let reply = try JSONValue(parsing: try await stream.next().data)
            #expect(reply["id"] == 7)
            // The answer's own bytes: 1.0 stays 1.0.
            #expect(reply.answers?.map(\.text) == [SessionQuestionTests.accept])
            #expect(rig.frontEnd.openQuestions == 0)
        }
    }

    @Test func onlyTheAskedSessionCanAnswer() async throws {
        try await FrontEndRig.with(Asking.services()) { rig in
            let mine = try await rig.session(declaring: Asking.everything)
            let other = try await rig.session(declaring: Asking.everything)
            let stream = try await rig.stream(request("tools/call", SessionQuestionTests.call), mine)
            let question = try JSONValue(parsing: try await stream.next().data)
            try await rig.answer(question["id"], #"{"action":"accept","content":{"name":"Eve"}}"#, other)
            #expect(rig.frontEnd.openQuestions == 1)
            try await rig.answer(999, #"{"action":"decline"}"#, mine)
            #expect(rig.frontEnd.openQuestions == 1)
            try await rig.answer(question["id"], #"{"action":"decline"}"#, mine)
            // Too late: nobody waits for it.
            try await rig.answer(question["id"], SessionQuestionTests.accept, mine)
            #expect(try JSONValue(parsing: try await stream.next().data).answers == [["action": "decline"]])
        }
    }

    @Test func errorsOfAgentsArePassedOn() async throws {
        let services = FakeServices { call throws(GateError) in
            Asking.result(try await Asking.ask(call, MCPMethod.sample, Asking.sampling, needs: .sampling))
        }
        try await FrontEndRig.with(services) { rig in
            let headers = try await rig.session(declaring: Asking.everything)
            let stream = try await rig.stream(request("tools/call", SessionQuestionTests.call), headers)
            let question = try JSONValue(parsing: try await stream.next().data)
            #expect(question["method"] == "sampling/createMessage")
            let id = try #require(question["id"])
            let error = #"{"jsonrpc":"2.0","id":\#(id.text),"error":{"code":-1,"message":"no model"}}"#
            #expect(try await rig.post(error, headers).status == 202)
            let reply = try JSONValue(parsing: try await stream.next().data)
            #expect(reply.answers == [["error": ["code": -1, "message": "no model"]]])
        }
    }

    @Test func whoHasNotDeclaredItIsNotAsked() async throws {
        let services = FakeServices { call throws(GateError) in
            #expect(call.listener?.capabilities == [.sampling])
            let form = try await Asking.ask(call)
            let url = try await Asking.ask(call, MCPMethod.elicit, #"{"mode":"url"}"#, needs: .elicitationURL)
            let tools = try await Asking.ask(
                call, MCPMethod.sample, Asking.sampling, needs: [.sampling, .samplingTools])
            return Asking.result(form, url, tools)
        }
        try await FrontEndRig.with(services) { rig in
            let headers = try await rig.session(declaring: #"{"sampling":{}}"#)
            let reply = try await rig.post(request("tools/call", SessionQuestionTests.call), headers)
            // Nothing went ahead of the answer.
            #expect(reply["Content-Type"] == "application/json")
            let answers = try #require(try reply.json.answers)
            #expect(answers.map { $0["error"]?["code"] } == [-32601, -32601, -32601])
            #expect(answers[2]["error"]?["message"]?.stringValue?.contains("sampling with tools") == true)
        }
    }

    @Test func aClientWithoutEventStreamsCannotBeAsked() async throws {
        let services = FakeServices { call in
            #expect(call.listener == nil)
            return Asking.result("1")
        }
        try await FrontEndRig.with(services) { rig in
            let headers = try await rig.session(declaring: Asking.everything)
                .merging(["Accept": "application/json"]) { $1 }
            let reply = try await rig.post(request("tools/call", SessionQuestionTests.call), headers)
            #expect(try reply.json.answers == [1])
        }
    }

    @Test func aQuestionThatIsTakenBackIsCancelledAtTheAgent() async throws {
        let questions = Journal<BackendQuestion>(name: "questions")
        let services = FakeServices { call throws(GateError) in
            let question = BackendQuestion(
                method: MCPMethod.elicit, params: ByteBuffer(string: Asking.form), needs: .elicitationForm
            ) { _ in }
            call.listener?.onEvent(.question(question))
            question.withdraw()
            questions.append(question)
            return Asking.result("1")
        }
        try await FrontEndRig.with(services) { rig in
            let headers = try await rig.session(declaring: Asking.everything)
            let stream = try await rig.stream(request("tools/call", SessionQuestionTests.call), headers)
            let question = try JSONValue(parsing: try await stream.next().data)
            let notice = try JSONValue(parsing: try await stream.next().data)
            #expect(notice["method"] == "notifications/cancelled")
            #expect(notice["params"]?["requestId"] == question["id"])
            #expect(try JSONValue(parsing: try await stream.next().data).answers == [1])
            #expect(rig.frontEnd.openQuestions == 0)
        }
    }

    @Test func cancellingTheCallTakesItsQuestionsBack() async throws {
        try await FrontEndRig.with(Asking.services()) { rig in
            let headers = try await rig.session(declaring: Asking.everything)
            let stream = try await rig.stream(request("tools/call", id: "4", SessionQuestionTests.call), headers)
            let question = try JSONValue(parsing: try await stream.next().data)
            let notice = #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":4}}"#
            #expect(try await rig.post(notice, headers).status == 202)
            let cancelled = try JSONValue(parsing: try await stream.next().data)
            #expect(cancelled["params"]?["requestId"] == question["id"])
            let reply = try JSONValue(parsing: try await stream.next().data)
            #expect(reply["result"]?["structuredContent"]?["code"] == "CANCELLED")
            #expect(rig.frontEnd.openQuestions == 0)
        }
    }

    @Test func endingTheSessionAnswersItsQuestions() async throws {
        let services = Asking.services()
        let answered = Journal<String>(name: "answers")
        let watching = FakeServices { call throws(GateError) in
            let answer = try await Asking.ask(call)
            answered.append(answer)
            return Asking.result(answer)
        }
        _ = services
        try await FrontEndRig.with(watching) { rig in
            let headers = try await rig.session(declaring: Asking.everything)
            let stream = try await rig.stream(request("tools/call", SessionQuestionTests.call), headers)
            _ = try await stream.next()
            #expect(try await HTTP.send("DELETE", port: rig.port, "/mcp", headers: headers).status == 200)
            let answer = try await answered.first { _ in true }.element
            #expect(answer.contains("session has ended"))
        }
    }

    @Test func formsAreWrittenInTheRevisionsWords() async throws {
        let services = FakeServices { call throws(GateError) in
            let choice = #"{"type":"string","oneOf":[{"const":"a","title":"A"},{"const":"b","title":"B"}]}"#
            let many = #"{"type":"array","items":{"type":"string","enum":["x"]}}"#
            func form(_ property: String) -> String {
                #"{"message":"?","requestedSchema":{"type":"object","properties":{"p":\#(property)}}}"#
            }
            let first = try await Asking.ask(call, MCPMethod.elicit, form(choice))
            return Asking.result(first, try await Asking.ask(call, MCPMethod.elicit, form(many)))
        }
        try await FrontEndRig.with(services) { rig in
            let headers = try await rig.session("2025-06-18", declaring: #"{"elicitation":{}}"#)
            let stream = try await rig.stream(request("tools/call", SessionQuestionTests.call), headers)
            let question = try JSONValue(parsing: try await stream.next().data)
            #expect(
                question["params"]?["requestedSchema"]?["properties"]?["p"]
                    == ["type": "string", "enum": ["a", "b"], "enumNames": ["A", "B"]])
            try await rig.answer(question["id"], #"{"action":"accept","content":{"p":"b"}}"#, headers)
            // Several choices cannot be shown: the user is not asked, and has cancelled.
            let reply = try JSONValue(parsing: try await stream.next().data)
            #expect(reply.answers == [["action": "accept", "content": ["p": "b"]], ["action": "cancel"]])
        }
    }

    @Test func olderRevisionsCannotBeElicited() async throws {
        let services = FakeServices { call in
            #expect(call.listener?.capabilities == [.sampling, .roots])
            return Asking.result("1")
        }
        try await FrontEndRig.with(services) { rig in
            let headers = try await rig.session("2025-03-26", declaring: Asking.everything)
            let reply = try await rig.post(request("tools/call", SessionQuestionTests.call), headers)
            #expect(try reply.json.answers == [1])
        }
    }

    @Test func logMessagesComeAtTheLevelThatWasSet() async throws {
        let services = FakeServices { call in
            call.listener?.onEvent(.log(.info, ByteBuffer(string: #"{"level":"info","data":1.0}"#)))
            call.listener?.onEvent(.log(.error, ByteBuffer(string: #"{"level":"error","data":2.0}"#)))
            return Asking.result(call.listener?.logLevel == .warning ? "true" : "false")
        }
        try await FrontEndRig.with(services) { rig in
            let headers = try await rig.session(declaring: "{}")
            let level = request("logging/setLevel", #""level":"warning""#)
            #expect(try await rig.post(level, headers).status == 200)
            let stream = try await rig.stream(request("tools/call", SessionQuestionTests.call), headers)
            #expect(
                try await stream.next().data
                    == #"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"error","data":2.0}}"#)
            #expect(try JSONValue(parsing: try await stream.next().data).answers == [true])
            let meta = #","io.modelcontextprotocol/logLevel":"info""#
            let modern = FrontEndRig.asked(declaring: "{}", meta: meta)
            let events = try await rig.stream(modern.body, modern.headers)
            #expect(try await events.next().data.contains(#""data":1.0"#))
            #expect(try await events.next().data.contains(#""data":2.0"#))
            #expect(try JSONValue(parsing: try await events.next().data).answers == [false])
        }
    }

    /// The transport of 2024-11-05, on which newer revisions can be spoken too.
    @Test func questionsComeDownTheOneStream() async throws {
        let services = FakeServices { call throws(GateError) in
            Asking.result(try await Asking.ask(call, MCPMethod.sample, Asking.sampling, needs: .sampling))
        }
        try await FrontEndRig.with(services) { rig in
            let stream = try await rig.get([:], path: "/sse")
            let path = try await stream.next().data
            let opening = request("initialize", #""protocolVersion":"2024-11-05","capabilities":{"sampling":{}}"#)
            #expect(try await rig.post(opening, path: path).status == 202)
            _ = try await stream.next()
            #expect(
                try await rig.post(request("tools/call", id: "2", SessionQuestionTests.call), path: path).status == 202)
            let question = try JSONValue(parsing: try await stream.next().data)
            #expect(question["method"] == "sampling/createMessage")
            let id = try #require(question["id"])
            let answer = #"{"jsonrpc":"2.0","id":\#(id.text),"result":{"role":"assistant"}}"#
            #expect(try await rig.post(answer, path: path).status == 202)
            let reply = try JSONValue(parsing: try await stream.next().data)
            #expect(reply["id"] == 2)
            #expect(reply.answers == [["role": "assistant"]])
        }
    }
}
