import GateBackend
import GateProtocol
import GateServer
import GateTestKit
import NIOCore
import Testing

/// The transport of 2024-11-05: GET /sse and POST /messages.
struct EventStreamTransportTests {
    private static func open(_ rig: FrontEndRig) async throws -> (EventStream, String) {
        let stream = try await rig.get([:], path: "/sse")
        #expect(stream.head.status == 200)
        #expect(stream.head["Content-Type"] == "text/event-stream")
        let first = try await stream.next()
        #expect(first.event == "endpoint")
        #expect(first.data.hasPrefix("/messages?session_id="))
        return (stream, first.data)
    }

    private static func initialize(_ rig: FrontEndRig, _ stream: EventStream, _ path: String) async throws {
        let body = request("initialize", id: "0", #""protocolVersion":"2024-11-05","capabilities":{}"#)
        let reply = try await rig.post(body, path: path)
        #expect(reply.status == 202)
        #expect(reply.text == "Accepted")
        let answer = try JSONValue(parsing: try await stream.next().data)
        #expect(answer["result"]?["protocolVersion"] == "2024-11-05")
    }

    @Test func everythingComesDownTheStream() async throws {
        let services = FakeServices { call throws(GateError) in
            call.listener?.onEvent(.progress(ByteBuffer(string: #""progress":1"#)))
            return #"{"content":[{"type":"text","text":"ok"}]}"#
        }
        try await FrontEndRig.with(services) { rig in
            let (stream, path) = try await EventStreamTransportTests.open(rig)
            let early = try await rig.post(request("tools/list"), path: path)
            #expect(early.status == 202)
            #expect(try await stream.next().data.contains("Send initialize first"))
            try await EventStreamTransportTests.initialize(rig, stream, path)
            let notice = #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#
            #expect(try await rig.post(notice, path: path).status == 202)
            let call = request(
                "tools/call", id: "2", #""name":"search","arguments":{"q":"x"},"_meta":{"progressToken":5}"#)
            #expect(try await rig.post(call, path: path).status == 202)
            let progress = try await stream.next()
            #expect(progress.event == "message")
            #expect(progress.id == nil)
            #expect(progress.data.contains(#""progressToken":5,"progress":1"#))
            #expect(
                try await stream.next().data
                    == #"{"jsonrpc":"2.0","id":2,"result":{"content":[{"type":"text","text":"ok"}]}}"#)
            #expect(try await rig.post(request("ping", id: "\"p\""), path: path).status == 202)
            #expect(try await stream.next().data == #"{"jsonrpc":"2.0","id":"p","result":{}}"#)
            services.set(tools: [])
            #expect(try await stream.next().data.contains("tools/list_changed"))
            #expect(rig.frontEnd.openSessions == 1)
            stream.close()
            try await rig.untilStreams(0)
            #expect(rig.frontEnd.openSessions == 0)
            #expect(try await rig.post(request("ping"), path: path).status == 404)
        }
    }

    @Test func largeAnswersPassSideBySide() async throws {
        let large = String(repeating: "y", count: 3 << 20)
        let services = FakeServices { _ in #"{"content":[],"x":"\#(large)"}"# }
        try await FrontEndRig.with(services) { rig in
            let (stream, path) = try await EventStreamTransportTests.open(rig)
            try await EventStreamTransportTests.initialize(rig, stream, path)
            for id in 1...3 {
                let call = request("tools/call", id: "\(id)", #""name":"search","arguments":{"q":"x"}"#)
                #expect(try await rig.post(call, path: path).status == 202)
            }
            var ids: Set<String> = []
            for _ in 1...3 {
                let data = try await stream.next().data
                #expect(data.utf8.count > large.utf8.count)
                ids.insert(String(data.prefix(24)))
            }
            #expect(ids.count == 3)
        }
    }

    @Test func theAddressIsOfNoUseElsewhere() async throws {
        try await FrontEndRig.with { rig in
            let (stream, path) = try await EventStreamTransportTests.open(rig)
            try await EventStreamTransportTests.initialize(rig, stream, path)
            let sealed = String(path.dropFirst("/messages?session_id=".utf8.count))
            #expect(try await rig.post(request("ping"), ["Mcp-Session-Id": sealed]).status == 404)
            let session = try #require(try await rig.session()["Mcp-Session-Id"])
            #expect(try await rig.post(request("ping"), path: "/messages?session_id=\(session)").status == 404)
            #expect(try await rig.post(request("ping"), path: "/messages?session_id=abc").status == 404)
            #expect(try await rig.post(request("ping"), path: "/messages").status == 400)
            #expect(try await rig.post("[]", path: path).status == 400)
            #expect(try await rig.post("{", path: path).status == 400)
            rig.frontEnd.shutdown()
            await #expect(throws: (any Error).self) { try await stream.next(within: .seconds(5)) }
        }
    }
}
