@testable import GateServer
import GateBackend
import GateProtocol
import GateTestKit
import NIOCore
import Testing

/// Many agents are asked at the same time: each gets its own questions and only its own answers count.
struct QuestionCrossTalkTests {
    /// Asks with the caller's own arguments in the message, twice.
    private static func services() -> FakeServices {
        FakeServices { call throws(GateError) in
            let arguments = call.arguments.map { String(buffer: $0) } ?? "{}"
            func form(_ round: Int) -> String { #"{"message":"?","who":\#(arguments),"round":\#(round)}"# }
            let first = try await Asking.ask(call, MCPMethod.elicit, form(1))
            return Asking.result(first, try await Asking.ask(call, MCPMethod.elicit, form(2)), arguments)
        }
    }

    private static func accept(_ number: Int, _ round: Int) -> JSONValue {
        ["action": "accept", "content": ["of": .number("\(number)"), "round": .number("\(round)")]]
    }

    private static func isRight(_ reply: JSONValue, _ number: Int) -> Bool {
        reply.answers == [accept(number, 1), accept(number, 2), ["secret": .number("\(number)")]]
    }

    @Test func sessionsDoNotHearEachOther() async throws {
        try await FrontEndRig.with(QuestionCrossTalkTests.services()) { rig in
            let right = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<30 {
                    group.addTask {
                        let headers = try await rig.session(declaring: Asking.everything)
                        let call = request("tools/call", #""name":"search","arguments":{"secret":\#(number)}"#)
                        let stream = try await rig.stream(call, headers)
                        for round in 1...2 {
                            let question = try JSONValue(parsing: try await stream.next().data)
                            guard question["params"]?["who"]?["secret"] == .number("\(number)"),
                                question["params"]?["round"] == .number("\(round)")
                            else { return false }
                            try await rig.answer(
                                question["id"], QuestionCrossTalkTests.accept(number, round).text, headers)
                        }
                        return QuestionCrossTalkTests.isRight(
                            try JSONValue(parsing: try await stream.next().data), number)
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(right == 30)
            #expect(rig.frontEnd.openQuestions == 0)
        }
    }

    /// All agents have the same name; each round is tried twice at once, and one of the two wins.
    @Test func parkedCallsGoOnOnceOnly() async throws {
        var options = MCPOptions()
        options.gatherTime = .milliseconds(1)
        try await FrontEndRig.with(QuestionCrossTalkTests.services(), options: options) { rig in
            let right = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<30 {
                    group.addTask {
                        let arguments = #""arguments":{"secret":\#(number)}"#
                        var reply = try await rig.call(FrontEndRig.asked(arguments))
                        for round in 1...2 {
                            guard let asked = reply.requests?.members.first,
                                asked.value["params"]?["who"]?["secret"] == .number("\(number)")
                            else { return false }
                            let answer = QuestionCrossTalkTests.accept(number, round).text
                            let next = try FrontEndRig.round(reply, #"{"\#(asked.key)":\#(answer)}"#)
                            async let one = rig.call(FrontEndRig.asked(arguments + "," + next, id: "1"))
                            async let two = rig.call(FrontEndRig.asked(arguments + "," + next, id: "2"))
                            let both = try await [one, two]
                            guard both.count(where: { $0["error"]?["code"] == -32602 }) == 1,
                                let winner = both.first(where: { $0["error"] == nil })
                            else { return false }
                            reply = winner
                        }
                        return QuestionCrossTalkTests.isRight(reply, number)
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(right == 30)
            #expect(rig.frontEnd.parkedCalls == 0)
        }
    }

    /// Everything happens at once: answers, cancelled calls, withdrawn questions. Nothing is left over.
    @Test func nothingIsLeftOver() async throws {
        let services = FakeServices { call throws(GateError) in
            let question = BackendQuestion(
                method: MCPMethod.elicit, params: ByteBuffer(string: Asking.form), needs: .elicitationForm
            ) { _ in }
            call.listener?.onEvent(.question(question))
            if call.arguments == nil { question.withdraw() }
            return Asking.result(try await Asking.ask(call))
        }
        var options = MCPOptions()
        options.gatherTime = .milliseconds(1)
        options.questionTimeout = .milliseconds(200)
        try await FrontEndRig.with(services, options: options) { rig in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<60 {
                    group.addTask {
                        let arguments = number % 2 == 0 ? "" : #""arguments":{}"#
                        var reply = try await rig.call(FrontEndRig.asked(arguments))
                        // Some agents never come back.
                        guard number % 3 != 0 else { return }
                        for _ in 0..<4 {
                            guard let keys = reply.requests?.keys, !keys.isEmpty else { return }
                            let answers = keys.map { #""\#($0)":{"action":"decline"}"# }.joined(separator: ",")
                            let round = try FrontEndRig.round(reply, "{\(answers)}")
                            let more = arguments.isEmpty ? round : arguments + "," + round
                            reply = try await rig.call(FrontEndRig.asked(more))
                        }
                    }
                }
                try await group.waitForAll()
            }
            let bound = ContinuousClock.now + .seconds(20)
            while rig.frontEnd.parkedCalls > 0, ContinuousClock.now < bound { await Task.yield() }
            #expect(rig.frontEnd.parkedCalls == 0)
        }
    }
}
