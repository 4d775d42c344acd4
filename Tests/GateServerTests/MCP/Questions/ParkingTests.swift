@testable import GateServer
import GateBackend
import GateHTTP
import GateProtocol
import GateTestKit
import NIOCore
import Testing

/// Agents of 2026-07-28 in front of backends with sessions: the call is parked.
struct ParkingTests {
    private static let arguments = #""arguments":{"q":"x"}"#
    private static let ada = #"{"action":"accept","content":{"name":"Ada","n":1.0}}"#

    @Test(arguments: ["search", "gate_call"])
    func aQuestionIsAnsweredInTheNextRound(_ tool: String) async throws {
        let services = Asking.services()
        let arguments =
            tool == "search"
            ? ParkingTests.arguments : #""arguments":{"server":"web","tool":"search","arguments":{"q":"x"}}"#
        try await FrontEndRig.with(services) { rig in
            let interim = try await rig.call(FrontEndRig.asked(arguments, of: tool, id: "1"))
            #expect(interim["id"] == 1)
            #expect(interim["result"]?["resultType"] == "input_required")
            #expect(interim["result"]?["_meta"]?["io.modelcontextprotocol/serverInfo"] != nil)
            #expect(interim.requests?.keys == ["q1"])
            #expect(interim.requests?["q1"]?["method"] == "elicitation/create")
            #expect(interim.requests?["q1"]?["params"]?.text == Asking.form)
            #expect(rig.frontEnd.parkedCalls == 1)
            let round = try FrontEndRig.round(interim, #"{"q1":\#(ParkingTests.ada),"other":{}}"#)
            let reply = try await rig.call(FrontEndRig.asked(arguments + "," + round, of: tool, id: "\"two\""))
            #expect(reply["id"] == "two")
            #expect(reply["result"]?["resultType"] == "complete")
            #expect(reply.answers?.map(\.text) == [ParkingTests.ada])
            #expect(rig.frontEnd.parkedCalls == 0)
            // One call all the time.
            #expect(services.calls.all.count == 1)
            // The reference is used up.
            let again = try await rig.call(FrontEndRig.asked(arguments + "," + round, of: tool, id: "3"))
            #expect(again["error"]?["code"] == -32602)
            #expect(again["error"]?["message"]?.stringValue?.contains("used before") == true)
            #expect(services.calls.all.count == 1)
        }
    }

    @Test func severalQuestionsGoTogetherAndMissingAnswersAreAskedAgain() async throws {
        let services = FakeServices { call throws(GateError) in
            do {
                return try await withThrowingTaskGroup(of: (Int, String).self) { group in
                    group.addTask { (0, try await Asking.ask(call)) }
                    group.addTask {
                        (1, try await Asking.ask(call, MCPMethod.sample, Asking.sampling, needs: .sampling))
                    }
                    group.addTask { (2, try await Asking.ask(call, MCPMethod.rootsList, "{}", needs: .roots)) }
                    var answers = ["", "", ""]
                    for try await (index, answer) in group { answers[index] = answer }
                    return Asking.result(answers[0], answers[1], answers[2])
                }
            } catch {
                throw error as? GateError ?? GateError(.internalError, "\(error)")
            }
        }
        var options = MCPOptions()
        options.gatherTime = .milliseconds(300)
        try await FrontEndRig.with(services, options: options) { rig in
            let first = try await rig.call(FrontEndRig.asked())
            let asked = try #require(first.requests)
            #expect(asked.members.count == 3)
            let keys = Dictionary(
                uniqueKeysWithValues: asked.members.map { ($0.value["method"]?.stringValue ?? "", $0.key) })
            let form = try #require(keys["elicitation/create"])
            let model = try #require(keys["sampling/createMessage"])
            let roots = try #require(keys["roots/list"])
            let some = #"{"\#(model)":{"role":"assistant","content":{"type":"text","text":"t"},"model":"m"}}"#
            let second = try await rig.call(FrontEndRig.asked(try FrontEndRig.round(first, some), id: "2"))
            #expect(Set(second.requests?.keys ?? []) == [form, roots])
            // Without any answers everything is asked once more.
            let third = try await rig.call(FrontEndRig.asked(try FrontEndRig.round(second, nil), id: "3"))
            #expect(Set(third.requests?.keys ?? []) == [form, roots])
            #expect(third["result"]?["requestState"] != second["result"]?["requestState"])
            // The state of an earlier round is used up.
            let rest = #"{"\#(form)":{"action":"decline"},"\#(roots)":{"roots":[]}}"#
            let old = try await rig.call(FrontEndRig.asked(try FrontEndRig.round(second, rest), id: "4"))
            #expect(old["error"]?["code"] == -32602)
            let last = try await rig.call(FrontEndRig.asked(try FrontEndRig.round(third, rest), id: "5"))
            #expect(last.answers?[0] == ["action": "decline"])
            #expect(last.answers?[1]["model"] == "m")
            #expect(last.answers?[2] == ["roots": []])
        }
    }

    @Test func onlyTheSameAgentWithTheSameCallGoesOn() async throws {
        try await FrontEndRig.with(Asking.services()) { rig in
            let interim = try await rig.call(FrontEndRig.asked(ParkingTests.arguments))
            let round = try FrontEndRig.round(interim, #"{"q1":\#(ParkingTests.ada)}"#)
            let changed = try FrontEndRig.round(
                ["result": ["requestState": "AAAA"]], #"{"q1":\#(ParkingTests.ada)}"#)
            for foreign in [
                FrontEndRig.asked(ParkingTests.arguments + "," + round, client: "other"),
                FrontEndRig.asked(#""arguments":{"q":"y"},"# + round), FrontEndRig.asked(round),
                FrontEndRig.asked(ParkingTests.arguments + "," + round, of: "query"),
                FrontEndRig.asked(ParkingTests.arguments + "," + changed),
                FrontEndRig.asked(ParkingTests.arguments + #","requestState":7"#),
                FrontEndRig.asked(ParkingTests.arguments + #","requestState":"""#),
            ] {
                let reply = try await rig.call(foreign)
                #expect(reply["error"]?["code"] == -32602, "\(foreign.body)")
            }
            #expect(rig.frontEnd.parkedCalls == 1)
            // None of that has used it up.
            let reply = try await rig.call(FrontEndRig.asked(ParkingTests.arguments + "," + round))
            #expect(reply.answers?.count == 1)
        }
    }

    @Test func malformedAnswersAreRefusedAndCanBeCorrected() async throws {
        try await FrontEndRig.with(Asking.services()) { rig in
            let interim = try await rig.call(FrontEndRig.asked())
            for broken in [
                "[]", "7", #"{"q1":"Ada"}"#, #"{"q1":null}"#, #"{"q1":{}}"#, #"{"q1":{"action":"maybe"}}"#,
                #"{"q1":{"action":"accept","content":[1]}}"#,
            ] {
                let reply = try await rig.call(FrontEndRig.asked(try FrontEndRig.round(interim, broken)))
                #expect(reply["error"]?["code"] == -32602, "\(broken)")
                #expect(reply["error"]?["message"]?.stringValue?.contains("inputResponses") == true)
            }
            let good = try FrontEndRig.round(interim, #"{"q1":\#(ParkingTests.ada)}"#)
            #expect(try await rig.call(FrontEndRig.asked(good)).answers?.count == 1)
        }
    }

    @Test func whoDoesNotComeBackHasCancelled() async throws {
        let ended = Journal<String>(name: "ends")
        let services = FakeServices { call throws(GateError) in
            do throws(GateError) {
                ended.append(try await Asking.ask(call))
                // The call itself is cancelled after that.
                try await Asking.untilCancelled()
            } catch {
                ended.append("\(error.code)")
                throw error
            }
        }
        var options = MCPOptions()
        options.questionTimeout = .milliseconds(50)
        try await FrontEndRig.with(services, options: options) { rig in
            let interim = try await rig.call(FrontEndRig.asked())
            _ = try await ended.first { $0.contains("CANCELLED") }
            #expect(ended.all.last == "CANCELLED")
            #expect(rig.frontEnd.parkedCalls == 0)
            let late = try await rig.call(
                FrontEndRig.asked(try FrontEndRig.round(interim, #"{"q1":\#(ParkingTests.ada)}"#)))
            #expect(late["error"]?["code"] == -32602)
        }
    }

    @Test func aStopWaitsForNobody() async throws {
        let ended = Journal<String>(name: "ends")
        let services = FakeServices { call throws(GateError) in
            do throws(GateError) {
                let answer = try await Asking.ask(call)
                ended.append(answer)
                return Asking.result(answer)
            } catch {
                ended.append("\(error.code)")
                throw error
            }
        }
        try await FrontEndRig.with(services) { rig in
            _ = try await rig.call(FrontEndRig.asked())
            #expect(rig.frontEnd.parkedCalls == 1)
            rig.frontEnd.shutdown()
            _ = try await ended.first { _ in true }
            #expect(rig.frontEnd.parkedCalls == 0)
            // From here on nothing is parked.
            let reply = try await rig.call(FrontEndRig.asked(id: "2"))
            #expect(reply.answers == [["action": "cancel"]])
        }
    }

    @Test func leavingTheRetryCancelsTheCall() async throws {
        let ended = Journal<String>(name: "ends")
        let services = FakeServices { call throws(GateError) in
            do throws(GateError) {
                _ = try await Asking.ask(call)
                ended.append("answered")
                try await Asking.untilCancelled()
            } catch {
                ended.append("\(error.code)")
                throw error
            }
        }
        try await FrontEndRig.with(services) { rig in
            let interim = try await rig.call(FrontEndRig.asked())
            let call = FrontEndRig.asked(try FrontEndRig.round(interim, #"{"q1":\#(ParkingTests.ada)}"#))
            let port = rig.port
            try await offPool {
                let connection = try HTTPConnection(port: port)
                try connection.send(
                    "POST", "/mcp", call.headers.merging(["Content-Type": "application/json"]) { $1 },
                    Array(call.body.utf8))
                connection.raw.halfClose()
                connection.raw.close()
            }
            _ = try await ended.first { $0 == "CANCELLED" }
            #expect(ended.all == ["answered", "CANCELLED"])
            #expect(rig.frontEnd.parkedCalls == 0)
        }
    }

    @Test func parkingIsBounded() async throws {
        var options = MCPOptions()
        options.maxParkedCallsPerAgent = 2
        options.maxParkedCalls = 3
        try await FrontEndRig.with(Asking.services(), options: options) { rig in
            for _ in 0..<2 { #expect(try await rig.call(FrontEndRig.asked()).requests != nil) }
            let third = try await rig.call(FrontEndRig.asked())
            #expect(third.answers == [["action": "cancel"]])
            #expect(try await rig.call(FrontEndRig.asked(client: "b")).requests != nil)
            #expect(try await rig.call(FrontEndRig.asked(client: "c")).answers == [["action": "cancel"]])
            #expect(rig.frontEnd.parkedCalls == 3)
        }
    }

    @Test func progressGoesToTheTokenOfTheOpenRequest() async throws {
        let mayEnd = Journal<Void>(name: "may end")
        let services = FakeServices { call throws(GateError) in
            call.listener?.onEvent(.progress(ByteBuffer(string: #""progress":1"#)))
            let question = Task { () -> String in
                do { return try await Asking.ask(call) } catch { return "1" }
            }
            // Parked by now: only the newest of these is kept.
            _ = try? await mayEnd.first { _ in true }
            for value in 2...9 { call.listener?.onEvent(.progress(ByteBuffer(string: #""progress":\#(value)"#))) }
            let answer = await question.value
            call.listener?.onEvent(.progress(ByteBuffer(string: #""progress":10"#)))
            return Asking.result(answer)
        }
        try await FrontEndRig.with(services) { rig in
            let first = FrontEndRig.asked(meta: #","progressToken":"one""#)
            let stream = try await rig.stream(first.body, first.headers)
            #expect(try await stream.next().data.contains(#"{"progressToken":"one","progress":1}"#))
            let interim = try JSONValue(parsing: try await stream.next().data)
            #expect(interim.requests?.keys == ["q1"])
            mayEnd.append(())
            let round = try FrontEndRig.round(interim, #"{"q1":\#(ParkingTests.ada)}"#)
            let second = FrontEndRig.asked(round, id: "2", meta: #","progressToken":2"#)
            let further = try await rig.stream(second.body, second.headers)
            var seen: [String] = []
            while let event = try? await further.next(within: .seconds(5)) { seen.append(event.data) }
            #expect(seen.dropLast().allSatisfy { $0.contains(#""progressToken":2"#) })
            #expect(seen.dropLast().last?.contains(#""progress":10"#) == true)
            #expect(try JSONValue(parsing: seen.last ?? "").answers?.count == 1)
        }
    }

    @Test func nobodyIsAskedWhatTheRequestDoesNotDeclare() async throws {
        let services = FakeServices { call throws(GateError) in
            let first = try await Asking.ask(call)
            return Asking.result(first, try await Asking.ask(call))
        }
        try await FrontEndRig.with(services) { rig in
            let none = try await rig.call(FrontEndRig.asked(declaring: #"{"sampling":{}}"#))
            #expect(none.answers?.map { $0["error"]?["code"] } == [-32601, -32601])
            // The next round may declare less than the one before.
            let interim = try await rig.call(FrontEndRig.asked())
            let round = try FrontEndRig.round(interim, #"{"q1":\#(ParkingTests.ada)}"#)
            let less = try await rig.call(FrontEndRig.asked(round, declaring: "{}"))
            #expect(less.answers?[0]["action"] == "accept")
            #expect(less.answers?[1]["error"]?["code"] == -32601)
        }
    }

    @Test func questionsAreWrittenInTheRevisionsWords() async throws {
        let params =
            #"{"mode":"url","message":"m","url":"https://x","elicitationId":"e","task":{"ttl":1},"#
            + #""_meta":{"progressToken":5,"vendor/key":1.0}}"#
        let services = FakeServices { call throws(GateError) in
            Asking.result(try await Asking.ask(call, MCPMethod.elicit, params, needs: .elicitationURL))
        }
        try await FrontEndRig.with(services) { rig in
            let interim = try await rig.call(FrontEndRig.asked())
            #expect(
                interim.requests?["q1"]?["params"]?.text
                    == #"{"mode":"url","message":"m","url":"https://x","_meta":{"vendor/key":1.0}}"#)
        }
    }

    @Test func anEndWhileItIsParkedWaitsForTheAgent() async throws {
        let mayEnd = Journal<Void>(name: "may end")
        let ended = Journal<Void>(name: "ended")
        let services = FakeServices { call in
            let question = BackendQuestion(
                method: MCPMethod.elicit, params: ByteBuffer(string: Asking.form), needs: .elicitationForm
            ) { _ in }
            call.listener?.onEvent(.question(question))
            _ = try? await mayEnd.first { _ in true }
            // The backend does without.
            question.withdraw()
            ended.append(())
            return Asking.result("1.0")
        }
        try await FrontEndRig.with(services) { rig in
            let interim = try await rig.call(FrontEndRig.asked())
            mayEnd.append(())
            _ = try await ended.first { _ in true }
            let round = try FrontEndRig.round(interim, #"{"q1":\#(ParkingTests.ada)}"#)
            #expect(try await rig.call(FrontEndRig.asked(round)).answers?.map(\.text) == ["1.0"])
            #expect(rig.frontEnd.parkedCalls == 0)
        }
    }
}
