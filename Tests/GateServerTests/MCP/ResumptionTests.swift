import GateBackend
import GateProtocol
import GateServer
import GateTestKit
import NIOCore
import Testing

/// Connections that break in the middle of a legacy session's streams.
struct ResumptionTests {
    /// A tool that reports 1, waits to be let on, reports 2, waits again and answers.
    private static func gated(_ gates: [Gate], started: Gate) -> FakeServices {
        FakeServices { call throws(GateError) in
            call.listener?.onEvent(.progress(ByteBuffer(string: #""progress":1"#)))
            started.open()
            await gates[0].wait()
            call.listener?.onEvent(.progress(ByteBuffer(string: #""progress":2"#)))
            await gates[1].wait()
            return #"{"content":[{"type":"text","text":"late"}]}"#
        }
    }

    private static let call = request(
        "tools/call", id: "\"c-1\"", #""name":"search","arguments":{"q":"x"},"_meta":{"progressToken":7}"#)

    private static func progress(_ value: Int) -> String {
        #"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":7,"progress":\#(value)}}"#
    }

    private static let result = #"{"jsonrpc":"2.0","id":"c-1","result":{"content":[{"type":"text","text":"late"}]}}"#

    @Test func theRestOfAnAnswerWaitsForItsClient() async throws {
        let gates = [Gate(), Gate()]
        let started = Gate()
        let services = ResumptionTests.gated(gates, started: started)
        try await FrontEndRig.with(services) { rig in
            let headers = try await rig.session()
            let stream = try await rig.stream(ResumptionTests.call, headers)
            let first = try await stream.next()
            #expect(first.data == ResumptionTests.progress(1))
            // Before the first message the client was given an id to come back with.
            let priming = try #require(stream.events.all.first)
            #expect(priming.data.isEmpty && priming.retry != nil && priming.id != nil)
            stream.close()
            try await rig.untilStreams(0)
            for gate in gates { gate.open() }
            let rest = try await rig.get(headers, after: first.id)
            #expect(rest.head.status == 200)
            #expect(try await rest.next().data == ResumptionTests.progress(2))
            #expect(try await rest.next().data == ResumptionTests.result)
            await #expect(throws: (any Error).self) { try await rest.next(within: .seconds(5)) }
            // From the beginning as well, and again: what is kept is kept.
            let whole = try await rig.get(headers, after: priming.id)
            #expect(try await whole.next().data == ResumptionTests.progress(1))
            #expect(try await whole.next().data == ResumptionTests.progress(2))
            #expect(try await whole.next().data == ResumptionTests.result)
            // Another session has no part in it.
            let other = try await rig.get(try await rig.session(), after: first.id)
            #expect(try await other.next().data.contains("no longer kept"))
        }
        #expect(services.calls.all.count == 1)
    }

    @Test func aStreamGoesOnWhereItsClientComesBack() async throws {
        let gates = [Gate(), Gate()]
        let started = Gate()
        try await FrontEndRig.with(ResumptionTests.gated(gates, started: started)) { rig in
            let headers = try await rig.session("2025-06-18")
            let stream = try await rig.stream(ResumptionTests.call, headers)
            let first = try await stream.next()
            // Older clients are not given events without a message.
            #expect(stream.events.all.count == 1)
            stream.close()
            try await rig.untilStreams(0)
            gates[0].open()
            let rest = try await rig.get(headers, after: first.id)
            let second = try await rest.next()
            #expect(second.data == ResumptionTests.progress(2))
            rest.close()
            try await rig.untilStreams(0)
            let last = try await rig.get(headers, after: second.id)
            gates[1].open()
            #expect(try await last.next().data == ResumptionTests.result)
            await #expect(throws: (any Error).self) { try await last.next(within: .seconds(5)) }
        }
    }

    @Test func aClientThatReturnsToASecondConnectionLeavesTheFirst() async throws {
        let gates = [Gate(), Gate()]
        let started = Gate()
        try await FrontEndRig.with(ResumptionTests.gated(gates, started: started)) { rig in
            let headers = try await rig.session()
            let first = try await rig.stream(ResumptionTests.call, headers)
            let event = try await first.next()
            // The gateway does not know yet that the first connection is dead.
            let second = try await rig.get(headers, after: event.id)
            await #expect(throws: (any Error).self) { try await first.next(within: .seconds(5)) }
            for gate in gates { gate.open() }
            #expect(try await second.next().data == ResumptionTests.progress(2))
            #expect(try await second.next().data == ResumptionTests.result)
        }
    }

    @Test func whoWaitsForALostAnswerIsTold() async throws {
        try await FrontEndRig.with { rig in
            let headers = try await rig.session()
            // Of a run before the restart: request "x" on stream 5.
            let lost = try await rig.get(headers, after: "1-5-2-Ingi")
            let answer = try JSONValue(parsing: try await lost.next().data)
            #expect(answer["id"] == "x")
            #expect(answer["error"]?["message"]?.stringValue?.contains("not known") == true)
            await #expect(throws: (any Error).self) { try await lost.next(within: .seconds(5)) }
            // A stream of notices, or an id that nobody wrote: a stream as if nothing had been asked.
            var streams: [EventStream] = []
            for id in ["1-5-2", "nonsense", "1-5-2-e30"] {
                streams.append(try await rig.get(headers, after: id))
            }
            #expect(streams.map(\.head.status) == [200, 200, 200])
            #expect(rig.frontEnd.openStreams == 3)
            for stream in streams { stream.close() }
        }
    }

    @Test func noticesWaitForTheirClientToo() async throws {
        let services = FakeServices()
        try await FrontEndRig.with(services) { rig in
            let headers = try await rig.session()
            let stream = try await rig.get(headers)
            let priming = try await stream.events.first { _ in true }.element
            stream.close()
            try await rig.untilStreams(0)
            services.set(tools: [])
            let back = try await rig.get(headers, after: priming.id)
            #expect(try await back.next().data.contains("tools/list_changed"))
            #expect(services.watchers == 1)
            services.set(tools: FakeServices.standard)
            #expect(try await back.next().data.contains("tools/list_changed"))
            let ended = try await HTTP.send("DELETE", port: rig.port, "/mcp", headers: headers)
            #expect(ended.status == 200)
            await #expect(throws: (any Error).self) { try await back.next(within: .seconds(5)) }
            #expect(services.watchers == 0)
        }
    }

    @Test func anAnswerTooLargeToKeepIsNotSilence() async throws {
        let gate = Gate()
        let started = Gate()
        let large = #"{"content":[],"x":"\#(String(repeating: "y", count: 20_000))"}"#
        let services = FakeServices { call throws(GateError) in
            call.listener?.onEvent(.progress(ByteBuffer(string: #""progress":1"#)))
            started.open()
            await gate.wait()
            return large
        }
        var options = MCPOptions()
        options.replayBytes = 4_096
        try await FrontEndRig.with(services, options: options) { rig in
            let headers = try await rig.session()
            let stream = try await rig.stream(ResumptionTests.call, headers)
            let first = try await stream.next()
            stream.close()
            try await rig.untilStreams(0)
            gate.open()
            let rest = try await rig.get(headers, after: first.id)
            let answer = try JSONValue(parsing: try await rest.next().data)
            #expect(answer["id"] == "c-1")
            #expect(answer["error"]?["message"]?.stringValue?.contains("was carried out") == true)
        }
    }
}

/// Something that a test opens once and others wait for.
final class Gate: Sendable {
    private let opened = Journal<Void>(name: "gate")

    func open() { opened.append(()) }
    func wait() async { _ = try? await opened.first { _ in true } }
}

extension FrontEndRig {
    /// Waits until the gateway has noticed that so many streams are open.
    func untilStreams(_ count: Int, within time: Duration = .seconds(20)) async throws {
        let end = ContinuousClock.now.advanced(by: time)
        while frontEnd.openStreams != count {
            guard ContinuousClock.now < end else { throw TestKitError("\(frontEnd.openStreams) streams are open") }
            // A round trip to the gateway's own loop.
            _ = try await HTTP.send("PUT", port: port, "/mcp")
        }
    }
}
