@testable import GateServer
import GateBackend
import GateProtocol
import GateTestKit
import NIOCore
import Testing

/// Agents and backends of 2026-07-28: rounds pass through, with the state wrapped. And pages to be opened.
struct StateTests {
    private static let interim =
        #"{"resultType":"input_required","inputRequests":{"who":{"method":"elicitation/create","params":"#
        + Asking.form + #"}},"requestState":"s\u0074ate","vendor":1.0}"#

    private static func services(_ first: String) -> FakeServices {
        FakeServices { call in
            guard let round = call.round else { return first }
            return Asking.result(
                round.responses.map { String(buffer: $0) } ?? "null", round.state.map { String(buffer: $0) } ?? "null")
        }
    }

    @Test(arguments: ["search", "gate_call"])
    func roundsPassThrough(_ tool: String) async throws {
        let services = StateTests.services(StateTests.interim)
        let arguments =
            tool == "search" ? #""arguments":{}"# : #""arguments":{"server":"web","tool":"search","arguments":{}}"#
        try await FrontEndRig.with(services) { rig in
            let interim = try await rig.call(FrontEndRig.asked(arguments, of: tool))
            #expect(interim.requests?["who"]?["params"]?.text == Asking.form)
            #expect(interim["result"]?["vendor"]?.text == "1.0")
            let state = try #require(interim["result"]?["requestState"]?.stringValue)
            #expect(state != "state")
            #expect(rig.frontEnd.parkedCalls == 0)
            let round = try FrontEndRig.round(interim, #"{"who":{"action":"accept","n":1.0}}"#)
            for _ in 0..<2 {
                let reply = try await rig.call(FrontEndRig.asked(arguments + "," + round, of: tool, id: "2"))
                #expect(reply.answers?[0].text == #"{"who":{"action":"accept","n":1.0}}"#)
            }
            // The state exactly as it was given.
            #expect(
                services.calls.all.suffix(2).allSatisfy {
                    $0.round?.state.map { String(buffer: $0) } == #""s\u0074ate""#
                })
            let foreign = try await rig.call(FrontEndRig.asked(arguments + "," + round, of: tool, client: "other"))
            #expect(foreign["error"]?["code"] == -32602)
            for index in [0, 20, state.utf8.count - 1] {
                var bytes = Array(state.utf8)
                bytes[index] = bytes[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
                let tampered = #""requestState":"\#(String(decoding: bytes, as: UTF8.self))""#
                let reply = try await rig.call(FrontEndRig.asked(arguments + "," + tampered, of: tool))
                #expect(reply["error"]?["code"] == -32602)
            }
            #expect(services.calls.all.count == 3)
        }
    }

    @Test func answersWithoutAStatePassThrough() async throws {
        let first =
            #"{"resultType":"input_required","inputRequests":{"r":{"method":"roots/list"}}}"#
        let services = StateTests.services(first)
        try await FrontEndRig.with(services) { rig in
            let interim = try await rig.call(FrontEndRig.asked())
            #expect(interim["result"]?["requestState"] == nil)
            let reply = try await rig.call(FrontEndRig.asked(#""inputResponses":{"r":{"roots":[]}}"#))
            #expect(reply.answers == [["r": ["roots": []]], .null])
        }
    }

    @Test func aBackendCannotAskWhatIsNotDeclared() async throws {
        try await FrontEndRig.with(StateTests.services(StateTests.interim)) { rig in
            let reply = try await rig.call(FrontEndRig.asked(declaring: #"{"roots":{}}"#))
            #expect(reply["result"]?["structuredContent"]?["code"] == "BACKEND_PROTOCOL_ERROR")
            #expect(reply.requests == nil)
        }
    }

    @Test func brokenInterimResultsAreRefused() async throws {
        for broken in [
            #"{"resultType":"input_required"}"#, #"{"resultType":"input_required","requestState":7}"#,
            #"{"resultType":"input_required","inputRequests":[]}"#,
            #"{"resultType":"input_required","inputRequests":{"a":{"method":"tools/call"}}}"#,
        ] {
            try await FrontEndRig.with(StateTests.services(broken)) { rig in
                let reply = try await rig.call(FrontEndRig.asked())
                #expect(reply["result"]?["structuredContent"]?["code"] == "BACKEND_PROTOCOL_ERROR", "\(broken)")
            }
        }
    }

    // MARK: Pages

    private static let pages =
        #"{"code":-32042,"message":"log in","data":{"elicitations":[{"mode":"url","message":"m","url":"https://x","elicitationId":"e"}]}}"#

    private static func closed() -> FakeServices {
        FakeServices { _ throws(GateError) in
            throw GateError(
                .backendError, "Server 'web' refused the call: log in", source: .backend, server: "web", tool: "search",
                sent: true, detail: Array(pages.utf8))
        }
    }

    @Test func pagesAreShownAndTheCallMadeAgain() async throws {
        let services = StateTests.closed()
        var options = MCPOptions()
        options.maxRounds = 2
        try await FrontEndRig.with(services, options: options) { rig in
            var round = ""
            for attempt in 1...2 {
                let interim = try await rig.call(FrontEndRig.asked(round))
                #expect(interim["result"]?["resultType"] == "input_required")
                #expect(
                    interim.requests?["url1"]?["params"]?.text == #"{"mode":"url","message":"m","url":"https://x"}"#)
                #expect(services.calls.all.count == attempt)
                let refused = try FrontEndRig.round(interim, #"{"url1":{"action":"decline"}}"#)
                let reply = try await rig.call(FrontEndRig.asked(refused))
                #expect(reply["result"]?["structuredContent"]?["code"] == "CANCELLED")
                #expect(services.calls.all.count == attempt)
                round = try FrontEndRig.round(interim, #"{"url1":{"action":"accept"}}"#)
            }
            // Not for ever.
            let last = try await rig.call(FrontEndRig.asked(round))
            #expect(last["result"]?["isError"] == true)
            #expect(services.calls.all.allSatisfy { $0.round == nil })
        }
    }

    @Test func whoCannotBeShownPagesIsToldOfThem() async throws {
        try await FrontEndRig.with(StateTests.closed()) { rig in
            let modern = try await rig.call(FrontEndRig.asked(declaring: "{}"))
            #expect(modern["result"]?["structuredContent"]?["message"]?.stringValue?.contains("https://x") == true)
            let call = request("tools/call", #""name":"search""#)
            let older = try await rig.post(call, try await rig.session("2025-06-18", declaring: Asking.everything))
            #expect(try older.json["result"]?["isError"] == true)
            // 2025-11-25 has the error itself.
            let newest = try await rig.post(call, try await rig.session(declaring: Asking.everything))
            #expect(try newest.json["error"]?.text == StateTests.pages)
        }
    }
}
