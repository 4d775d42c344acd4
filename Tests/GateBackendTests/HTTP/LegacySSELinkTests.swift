import Dispatch
import GateBackend
import GateCurl
import GateProtocol
import GateTestKit
import NIOCore
import Testing

@Suite struct LegacySSELinkTests {
    typealias F = LinkFixture

    private func open(_ server: ScriptedServer, _ recorder: LinkRecorder) throws -> LegacySSELink {
        try LegacySSELink.open(
            url: "http://127.0.0.1:\(server.port)/sse", headers: [("X-Key", "k")], agent: CurlAgent(),
            receiver: recorder,
            maxMessageBytes: 1 << 20)
    }

    @Test func answersComeOnTheStream() async throws {
        let posts = DispatchSemaphore(value: 0)
        let server = try ScriptedServer { request, reply in
            guard request.method == "GET" else {
                reply.plain("202 Accepted", "Accepted")
                posts.signal()
                return
            }
            reply.openStream()
            reply.event("/messages/?session_id=1", "event: endpoint\n")
            for _ in 0..<2 where posts.wait(timeout: .now() + 20) == .timedOut { return }
            reply.event(F.result(7, "first"), "event: message\n")
            reply.event(F.result(8, "second"))
            reply.awaitHangUp(request)
        }
        let recorder = LinkRecorder()
        let link = try open(server, recorder)
        link.send(F.request(7, era: .legacy))
        link.send(F.request(8, era: .legacy))
        _ = try await recorder.events.first {
            if case .message(F.result(8, "second"), exchange: nil) = $0 { true } else { false }
        }
        #expect(recorder.messages == [F.result(7, "first"), F.result(8, "second")])
        let sent = server.requests.all.filter { $0.method == "POST" }
        #expect(sent.allSatisfy { $0.target == "/messages/?session_id=1" && $0.headers["x-key"] == "k" })
        await link.close()
        _ = try await server.hangUps.first { $0.method == "GET" }
        #expect(try await recorder.closed() == "the gateway closed the connection")
    }

    @Test func foreignEndpointGetsNothing() async throws {
        let trap = try ScriptedServer { _, reply in reply.plain("202 Accepted") }
        let server = try ScriptedServer { request, reply in
            reply.openStream()
            reply.event("http://127.0.0.1:\(trap.port)/messages", "event: endpoint\n")
            reply.awaitHangUp(request)
        }
        let recorder = LinkRecorder()
        let link = try open(server, recorder)
        link.send(F.request(1, era: .legacy))
        #expect(try await recorder.closed().contains("another origin"))
        await link.close()
        #expect(trap.requests.all.isEmpty)
    }

    @Test func endOfTheStreamIsTheEnd() async throws {
        let server = try ScriptedServer { _, reply in
            reply.openStream()
            reply.event("/m", "event: endpoint\n")
        }
        let recorder = LinkRecorder()
        let link = try open(server, recorder)
        #expect(try await recorder.closed() == "it ended the event stream")
        await link.close()
        #expect(recorder.events.all.count == 1)
    }

    @Test func refusedStreamSaysWhy() async throws {
        let server = try ScriptedServer { _, reply in reply.plain("405 Method Not Allowed", "no GET") }
        let recorder = LinkRecorder()
        let link = try open(server, recorder)
        #expect(try await recorder.closed() == "HTTP 405: no GET")
        await link.close()
    }

    @Test func refusedMessageFailsAlone() async throws {
        let server = try ScriptedServer { request, reply in
            if request.method == "POST" { return reply.plain("404 Not Found", "gone") }
            reply.openStream()
            reply.event("/m", "event: endpoint\n")
            reply.awaitHangUp(request)
        }
        let recorder = LinkRecorder()
        let link = try open(server, recorder)
        link.send(F.request(1, era: .legacy))
        let failure = try await recorder.failure(1)
        #expect(failure.status == 404)
        #expect(!failure.sent)
        await link.close()
    }
}
