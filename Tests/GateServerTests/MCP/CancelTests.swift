import GateHTTP
import GateProtocol
import GateServer
import GateTestKit
import NIOCore
import Synchronization
import Testing

struct CancelTests {
    /// Calls wait until they are cancelled, and say so.
    private final class Waiting: Sendable {
        let cancelled = Journal<String>(name: "cancelled calls")

        var services: FakeServices {
            FakeServices { call throws(GateError) in
                let agent = call.caller.agent
                let (stream, continuation) = AsyncStream<Void>.makeStream()
                await withTaskCancellationHandler {
                    for await _ in stream {}
                } onCancel: {
                    continuation.finish()
                }
                self.cancelled.append(agent)
                throw GateError(.cancelled, "The caller cancelled the call.", source: .caller, sent: true)
            }
        }
    }

    @Test func aModernClientCancelsByGoing() async throws {
        let waiting = Waiting()
        let services = waiting.services
        try await FrontEndRig.with(services) { rig in
            let stream = Task {
                try await rig.stream(
                    FrontEndRig.modern(
                        "tools/call", #""name":"gate_call","arguments":{"server":"web","tool":"search"}"#),
                    FrontEndRig.modernHeaders("tools/call", name: "gate_call"))
            }
            _ = try await services.calls.first { _ in true }
            try await offPool {
                let connection = try HTTPConnection(port: rig.port)
                var headers = FrontEndRig.modernHeaders("tools/call", name: "search")
                headers["Content-Type"] = "application/json"
                headers["X-Stonegate-Agent"] = "goes"
                try connection.send(
                    "POST", "/mcp", headers, Array(FrontEndRig.modern("tools/call", #""name":"search""#).utf8))
                connection.raw.halfClose()
                connection.raw.close()
            }
            #expect(try await waiting.cancelled.first { _ in true }.element == "goes")
            #expect(waiting.cancelled.all == ["goes"])
            await rig.server.stop(grace: .zero)
            _ = try? await stream.value
            #expect(try await waiting.cancelled.first { $0 == "modern" }.element == "modern")
        }
    }

    @Test func aLegacyNoticeCancelsOnlyItsOwnSessionsCall() async throws {
        let waiting = Waiting()
        let services = waiting.services
        try await FrontEndRig.with(services) { rig in
            let first = try await rig.session(client: "a")
            let second = try await rig.session(client: "b")
            let call = request("tools/call", id: "5", #""name":"search""#)
            async let one = rig.post(call, first)
            async let two = rig.post(call, second)
            _ = try await services.calls.first { $0.caller.agent == "a" }
            _ = try await services.calls.first { $0.caller.agent == "b" }
            func cancel(_ id: String, _ headers: [String: String]) async throws {
                let notice = #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":\#(id)}}"#
                #expect(try await rig.post(notice, headers).status == 202)
            }
            // Another type of id is another call.
            try await cancel("\"5\"", first)
            try await cancel("6", first)
            #expect(waiting.cancelled.all.isEmpty)
            try await cancel("5", first)
            let reply = try await one
            #expect(reply.status == 200)
            #expect(try reply.json["result"]?["structuredContent"]?["code"] == "CANCELLED")
            #expect(waiting.cancelled.all == ["a"])
            try await cancel("5", second)
            _ = try await two
            #expect(waiting.cancelled.all == ["a", "b"])
        }
    }

    @Test func aLegacyClientThatGoesCancelsNothing() async throws {
        let waiting = Waiting()
        let services = waiting.services
        try await FrontEndRig.with(services) { rig in
            let headers = try await rig.session(client: "a")
            try await offPool {
                let connection = try HTTPConnection(port: rig.port)
                try connection.send(
                    "POST", "/mcp", headers.merging(["Content-Type": "application/json"]) { $1 },
                    Array(request("tools/call", id: "1", #""name":"search""#).utf8))
                connection.raw.reset()
            }
            _ = try? await services.calls.first(within: .seconds(2)) { _ in true }
            guard !services.calls.all.isEmpty else { return }
            // A call behind it shows that time has passed without a cancel.
            _ = try await rig.post(request("ping"), headers)
            #expect(waiting.cancelled.all.isEmpty)
            let notice = #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#
            _ = try await rig.post(notice, headers)
            _ = try await waiting.cancelled.first { $0 == "a" }
        }
    }
}
