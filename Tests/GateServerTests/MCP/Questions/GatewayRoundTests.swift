@testable import GateServer
import GateBackend
import GateProtocol
import GateTestKit
import NIOCore
import Synchronization
import Testing

/// Agents with sessions in front of backends of 2026-07-28: the gateway makes the rounds.
struct GatewayRoundTests {
    private static let call = #""name":"search","arguments":{"q":"x"}"#
    private static let who = #""who":{"method":"elicitation/create","params":\#(Asking.form)}"#
    private static let think = #""\u0074hink":{"method":"sampling/createMessage","params":\#(Asking.sampling)}"#

    private static func interim(_ requests: String, state: String? = nil) -> String {
        let state = state.map { #","requestState":\#($0)"# } ?? ""
        return #"{"resultType":"input_required","inputRequests":{\#(requests)}\#(state)}"#
    }

    /// Asks once, then returns what it was answered.
    private static func services(_ first: String) -> FakeServices {
        FakeServices { call in
            guard let round = call.round else { return first }
            return Asking.result(
                round.responses.map { String(buffer: $0) } ?? "null", round.state.map { String(buffer: $0) } ?? "null")
        }
    }

    @Test func theAgentIsAskedAndTheCallMadeAgain() async throws {
        let services = GatewayRoundTests.services(
            GatewayRoundTests.interim(GatewayRoundTests.who + "," + GatewayRoundTests.think, state: #""a\u0042c""#))
        try await FrontEndRig.with(services) { rig in
            let headers = try await rig.session(declaring: Asking.everything)
            let stream = try await rig.stream(request("tools/call", id: "5", GatewayRoundTests.call), headers)
            // Both at once.
            let first = try JSONValue(parsing: try await stream.next().data)
            let second = try JSONValue(parsing: try await stream.next().data)
            #expect(first["method"] == "elicitation/create")
            #expect(second["method"] == "sampling/createMessage")
            try await rig.answer(second["id"], #"{"role":"assistant","n":1.50}"#, headers)
            try await rig.answer(first["id"], #"{"action":"decline"}"#, headers)
            let reply = try JSONValue(parsing: try await stream.next().data)
            #expect(reply["id"] == 5)
            // Keys, answers and state as they were written.
            #expect(
                reply.answers?[0].text == #"{"who":{"action":"decline"},"think":{"role":"assistant","n":1.50}}"#)
            let calls = services.calls.all
            #expect(calls.count == 2)
            #expect(calls[1].round?.state.map { String(buffer: $0) } == #""a\u0042c""#)
            #expect(calls[1].round?.responses.map { String(buffer: $0) }?.contains(#""\u0074hink":"#) == true)
            #expect(calls.allSatisfy { $0.arguments.map { String(buffer: $0) } == #"{"q":"x"}"# })
        }
    }

    @Test func anErrorOfTheAgentIsACancelForForms() async throws {
        let services = GatewayRoundTests.services(GatewayRoundTests.interim(GatewayRoundTests.who))
        try await FrontEndRig.with(services) { rig in
            let headers = try await rig.session(declaring: Asking.everything)
            let stream = try await rig.stream(request("tools/call", GatewayRoundTests.call), headers)
            let id = try #require(try JSONValue(parsing: try await stream.next().data)["id"])
            let error = #"{"jsonrpc":"2.0","id":\#(id.text),"error":{"code":-1,"message":"no"}}"#
            #expect(try await rig.post(error, headers).status == 202)
            let reply = try JSONValue(parsing: try await stream.next().data)
            #expect(reply.answers == [["who": ["action": "cancel"]], .null])
        }
    }

    @Test func anErrorOfTheAgentEndsTheCallForModels() async throws {
        let services = GatewayRoundTests.services(
            GatewayRoundTests.interim(GatewayRoundTests.who + "," + GatewayRoundTests.think))
        try await FrontEndRig.with(services) { rig in
            let headers = try await rig.session(declaring: Asking.everything)
            let stream = try await rig.stream(request("tools/call", GatewayRoundTests.call), headers)
            let form = try JSONValue(parsing: try await stream.next().data)
            let model = try JSONValue(parsing: try await stream.next().data)
            let id = try #require(model["id"])
            let error = #"{"jsonrpc":"2.0","id":\#(id.text),"error":{"code":-1,"message":"no model here"}}"#
            #expect(try await rig.post(error, headers).status == 202)
            // The user need not go on with the form.
            let notice = try JSONValue(parsing: try await stream.next().data)
            #expect(notice["params"]?["requestId"] == form["id"])
            let reply = try JSONValue(parsing: try await stream.next().data)
            #expect(reply["result"]?["isError"] == true)
            let words = reply["result"]?["structuredContent"]?["message"]?.stringValue ?? ""
            #expect(words.contains("no model here"), "\(words)")
            #expect(services.calls.all.count == 1)
        }
    }

    @Test func aStateAloneIsTriedAgain() async throws {
        let services = FakeServices { call in
            switch call.round?.state.map({ String(buffer: $0) }) {
            case nil: #"{"resultType":"input_required","requestState":"one"}"#
            case #""one""#: #"{"resultType":"input_required","requestState":"two"}"#
            default: Asking.result(call.round?.responses == nil ? "2" : "0")
            }
        }
        var options = MCPOptions()
        options.roundPause = .milliseconds(1)
        try await FrontEndRig.with(services, options: options) { rig in
            // Also for an agent that can be asked nothing.
            for declared in ["{}", Asking.everything] {
                let headers = try await rig.session(declaring: declared)
                let reply = try await rig.post(request("tools/call", GatewayRoundTests.call), headers)
                #expect(reply["Content-Type"] == "application/json")
                #expect(try reply.json.answers == [2])
            }
        }
    }

    @Test func whoeverAsksWithoutEndIsStopped() async throws {
        let services = FakeServices { _ in #"{"resultType":"input_required","requestState":"more"}"# }
        var options = MCPOptions()
        options.roundPause = .milliseconds(1)
        options.maxRounds = 3
        try await FrontEndRig.with(services, options: options) { rig in
            let headers = try await rig.session(declaring: "{}")
            let reply = try await rig.post(request("tools/call", GatewayRoundTests.call), headers)
            #expect(try reply.json["result"]?["structuredContent"]?["code"] == "BACKEND_PROTOCOL_ERROR")
            #expect(services.calls.all.count == 4)
        }
    }

    @Test func silenceIsACancelInTheEnd() async throws {
        let services = GatewayRoundTests.services(GatewayRoundTests.interim(GatewayRoundTests.who))
        var options = MCPOptions()
        options.questionTimeout = .milliseconds(50)
        try await FrontEndRig.with(services, options: options) { rig in
            let headers = try await rig.session(declaring: Asking.everything)
            let stream = try await rig.stream(request("tools/call", GatewayRoundTests.call), headers)
            let question = try JSONValue(parsing: try await stream.next().data)
            let notice = try JSONValue(parsing: try await stream.next().data)
            #expect(notice["params"]?["requestId"] == question["id"])
            #expect(
                try JSONValue(parsing: try await stream.next().data).answers == [["who": ["action": "cancel"]], .null])
        }
    }

    @Test func pagesGetAnIdWhereTheRevisionWantsOne() async throws {
        let page = #""p":{"method":"elicitation/create","params":{"mode":"url","message":"m","url":"https://x"}}"#
        try await FrontEndRig.with(GatewayRoundTests.services(GatewayRoundTests.interim(page))) { rig in
            let headers = try await rig.session(declaring: Asking.everything)
            let stream = try await rig.stream(request("tools/call", GatewayRoundTests.call), headers)
            let question = try JSONValue(parsing: try await stream.next().data)
            #expect(question["params"]?["url"] == "https://x")
            #expect((question["params"]?["elicitationId"]?.stringValue?.utf8.count ?? 0) > 16)
            try await rig.answer(question["id"], #"{"action":"accept"}"#, headers)
            #expect(try JSONValue(parsing: try await stream.next().data).answers?[0] == ["p": ["action": "accept"]])
            // An older agent knows no pages.
            let older = try await rig.session("2025-06-18", declaring: Asking.everything)
            let reply = try await rig.post(request("tools/call", GatewayRoundTests.call), older)
            #expect(try reply.json.answers?[0] == ["p": ["action": "cancel"]])
        }
    }

    @Test func aCallThatIsCancelledAsksNoMore() async throws {
        let services = GatewayRoundTests.services(GatewayRoundTests.interim(GatewayRoundTests.who))
        try await FrontEndRig.with(services) { rig in
            let headers = try await rig.session(declaring: Asking.everything)
            let stream = try await rig.stream(request("tools/call", id: "3", GatewayRoundTests.call), headers)
            _ = try await stream.next()
            let notice = #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":3}}"#
            #expect(try await rig.post(notice, headers).status == 202)
            #expect(try JSONValue(parsing: try await stream.next().data)["method"] == "notifications/cancelled")
            let reply = try JSONValue(parsing: try await stream.next().data)
            #expect(reply["result"]?["structuredContent"]?["code"] == "CANCELLED")
            #expect(services.calls.all.count == 1)
        }
    }
}
