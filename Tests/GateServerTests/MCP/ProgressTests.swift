import GateBackend
import GateProtocol
import GateServer
import GateTestKit
import NIOCore
import Synchronization
import Testing

struct ProgressTests {
    private static func reporting(_ notices: [String], _ result: String = #"{"content":[]}"#) -> FakeServices {
        FakeServices { call in
            for notice in notices { call.listener?.onEvent(.progress(ByteBuffer(string: notice))) }
            return result
        }
    }

    private static let params = #""name":"search","_meta":{"progressToken":"t\u0041"}"#

    @Test func noticesGoUnderTheCallersTokenAndRise() async throws {
        let services = ProgressTests.reporting(
            [
                #""progress":1,"total":4"#, #""progress":1"#, #""progress":0.5"#, #""progress":"x""#,
                "\"progress\":2.5,\n\"message\":\"half\"", #""progress":3"#,
            ], "{\n\"content\":[ ]}")
        try await FrontEndRig.with(services) { rig in
            let stream = try await rig.stream(
                request("tools/call", id: "9", ProgressTests.params), try await rig.session())
            #expect(stream.head["Content-Type"] == "text/event-stream")
            #expect(stream.head["Cache-Control"] == "no-cache, no-transform")
            #expect(stream.head["X-Accel-Buffering"] == "no")
            var seen: [String] = []
            while let event = try? await stream.next(within: .seconds(5)) {
                #expect(event.event == "message")
                #expect(event.id != nil)
                seen.append(event.data)
            }
            let head = #"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t\u0041","#
            #expect(
                seen == [
                    head + #""progress":1,"total":4}}"#, head + #""progress":2.5, "message":"half"}}"#,
                    head + #""progress":3}}"#, #"{"jsonrpc":"2.0","id":9,"result":{ "content":[ ]}}"#,
                ])
            #expect(rig.frontEnd.openStreams == 0)
        }
    }

    @Test func withoutNoticesTheAnswerIsPlain() async throws {
        try await FrontEndRig.with(ProgressTests.reporting([])) { rig in
            let reply = try await rig.post(request("tools/call", ProgressTests.params), try await rig.session())
            #expect(reply["Content-Type"] == "application/json")
        }
    }

    @Test func withoutATokenNothingIsReported() async throws {
        let services = ProgressTests.reporting([#""progress":1"#])
        try await FrontEndRig.with(services) { rig in
            let headers = try await rig.session()
            let plain = try await rig.post(request("tools/call", #""name":"search""#), headers)
            #expect(plain["Content-Type"] == "application/json")
            #expect(services.calls.all.allSatisfy { $0.listener == nil })
            let accept = headers.merging(["Accept": "application/json"]) { $1 }
            let unable = try await rig.post(request("tools/call", ProgressTests.params), accept)
            #expect(unable["Content-Type"] == "application/json")
        }
    }

    @Test func aLargeResultArrivesBehindNotices() async throws {
        let text = String(repeating: "x", count: 3 * 1024 * 1024)
        let result = #"{"content":[{"type":"text","text":"\#(text)"}]}"#
        try await FrontEndRig.with(ProgressTests.reporting([#""progress":1"#], result)) { rig in
            let stream = try await rig.stream(
                request("tools/call", ProgressTests.params), try await rig.session())
            _ = try await stream.next()
            let last = try await stream.next()
            #expect(last.data.utf8.count == #"{"jsonrpc":"2.0","id":1,"result":}"#.utf8.count + result.utf8.count)
        }
    }

    @Test func aNoticeAfterTheResultIsDropped() async throws {
        let late = Mutex<(@Sendable (CallEvent) -> Void)?>(nil)
        let services = FakeServices { call in
            late.withLock { $0 = call.listener?.onEvent }
            return #"{"content":[]}"#
        }
        try await FrontEndRig.with(services) { rig in
            let headers = try await rig.session()
            let reply = try await rig.post(request("tools/call", ProgressTests.params), headers)
            #expect(reply["Content-Type"] == "application/json")
            late.withLock { $0 }?(.progress(ByteBuffer(string: #""progress":1"#)))
            #expect(rig.frontEnd.openStreams == 0)
        }
    }

    /// All clients use the same ids and the same tokens, as the SDKs do.
    @Test func fiftyClientsDoNotHearEachOther() async throws {
        let services = FakeServices { call in
            let secret = call.arguments.map { String(buffer: $0) } ?? "{}"
            for step in 1...5 {
                call.listener?.onEvent(
                    .progress(ByteBuffer(string: "\"progress\":\(step),\"message\":\"\(call.caller.agent)\"")))
                await Task.yield()
            }
            return #"{"content":[],"structuredContent":\#(secret)}"#
        }
        try await FrontEndRig.with(services) { rig in
            let crossed = try await withThrowingTaskGroup(of: Int.self) { group in
                for client in 0..<50 {
                    group.addTask {
                        let headers = try await rig.session(client: "client-\(client)")
                        var crossed = 0
                        for round in 1...4 {
                            let secret = #"{"secret":"\#(client)-\#(round)"}"#
                            let stream = try await rig.stream(
                                request(
                                    "tools/call", id: "\(round)",
                                    #""name":"search","arguments":\#(secret),"_meta":{"progressToken":\#(round)}"#),
                                headers)
                            var last = 0
                            while let event = try? await stream.next() {
                                let json = try JSONValue(parsing: event.data)
                                if let params = json["params"] {
                                    let mine =
                                        params["progressToken"]?.intValue == round
                                        && params["message"]?.stringValue == "client-\(client)"
                                        && params["progress"]?.intValue == last + 1
                                    last += 1
                                    crossed += mine ? 0 : 1
                                } else {
                                    let mine =
                                        json["id"]?.intValue == round && last == 5
                                        && json["result"]?["structuredContent"]?.text == secret
                                    crossed += mine ? 0 : 1
                                    last = 100
                                }
                            }
                            crossed += last == 100 ? 0 : 1
                        }
                        return crossed
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(crossed == 0)
            #expect(services.calls.all.count == 200)
        }
    }
}
