import GateBackend
import GateProtocol
import GateServer
import GateTestKit
import NIOCore
import Testing

/// Results in the form of the agent's revision.
struct ResultFormTests {
    private static let link =
        #"{"type":"resource_link","uri":"file:///a","name":"a","title":"The A","description":"first"}"#
    private static let kinds =
        #"{"content":[{"type":"text","text":"t"}, \#(link) ,{"type":"audio","data":"UklGRg==","mimeType":"audio/wav"}],"x":1.0}"#

    private func legacyResult(_ text: String, version: String) async throws -> String {
        let answers = Journal<String>(name: "answers")
        try await FrontEndRig.with(FakeServices { _ in text }) { rig in
            let headers = try await rig.session(version)
            answers.append(try await rig.post(request("tools/call", id: "1", #""name":"search""#), headers).text)
        }
        return try #require(answers.all.first)
    }

    @Test func linksAndSoundBecomeWhatTheRevisionKnows() async throws {
        let asText = #"{"type":"text","text":"[The A](file:///a): first"}"#
        let sound = #"{"type":"audio","data":"UklGRg==","mimeType":"audio/wav"}"#
        let embedded =
            #"{"type":"resource","resource":{"uri":"stonegate:audio","mimeType":"audio/wav","blob":"UklGRg=="}}"#
        func result(_ link: String, _ sound: String) -> String {
            #"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"t"}, \#(link) ,\#(sound)],"x":1.0}}"#
        }
        #expect(try await legacyResult(Self.kinds, version: "2025-11-25") == result(Self.link, sound))
        #expect(try await legacyResult(Self.kinds, version: "2025-06-18") == result(Self.link, sound))
        #expect(try await legacyResult(Self.kinds, version: "2025-03-26") == result(asText, sound))
        #expect(try await legacyResult(Self.kinds, version: "2024-11-05") == result(asText, embedded))
    }

    @Test func towardsAgentsTheServerIsTheGateway() async throws {
        let text =
            #"{"content":[],"_meta":{"v/x":1.50,"io.modelcontextprotocol/serverInfo":{"name":"b","version":"2"},"y":[2]},"resultType":"complete"}"#
        let old = try await legacyResult(text, version: "2025-11-25")
        #expect(old == #"{"jsonrpc":"2.0","id":1,"result":{"content":[],"_meta":{"v/x":1.50,"y":[2]}}}"#)
        try await FrontEndRig.with(FakeServices { _ in text }) { rig in
            let new = try await rig.modern("tools/call", id: "1", name: "search", #""name":"search""#).text
            let own =
                #""io.modelcontextprotocol/serverInfo":{"name":"stonegate","version":"\#(StonegateVersion.current)"}"#
            #expect(
                new
                    == #"{"jsonrpc":"2.0","id":1,"result":{"content":[],"_meta":{\#(own),"v/x":1.50,"y":[2]},"resultType":"complete"}}"#
            )
        }
    }

    @Test func aValueThatARevisionCannotHoldBecomesText() async throws {
        let bare = try await legacyResult(#"{"structuredContent":[1,2.0],"content":[ ]}"#, version: "2025-06-18")
        #expect(bare == #"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"[1,2.0]"}]}}"#)
        let told = try await legacyResult(
            #"{"content":[{"type":"text","text":"[1]"}],"structuredContent":[1],"ttlMs":5}"#, version: "2025-06-18")
        #expect(told == #"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"[1]"}]}}"#)
    }

    @Test func aTraceInTheHeaderIsPassedOnUnlessTheMessageHasOne() async throws {
        let services = FakeServices()
        try await FrontEndRig.with(services) { rig in
            var headers = try await rig.session()
            headers["traceparent"] = "00-1-2-01"
            headers["tracestate"] = "a=b"
            headers["baggage"] = "user=1"
            _ = try await rig.post(request("tools/call", id: "1", #""name":"search""#), headers)
            _ = try await rig.post(
                request(
                    "tools/call", id: "2", #""name":"search","_meta":{"traceparent":"own","baggage":"user=1","v/k":1}"#),
                headers)
        }
        let metas = services.calls.all.map { $0.meta.map { String(buffer: $0) } }
        #expect(metas == [#""traceparent":"00-1-2-01","tracestate":"a=b""#, #""traceparent":"own","v/k":1"#])
    }
}
