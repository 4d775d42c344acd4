import Dispatch
import GateBackend
import GateCurl
import GateProtocol
import GateTestKit
import Testing

extension StreamableHTTPLinkTests {
    @Test func nothingOvertakesInitialized() async throws {
        let answers = DispatchSemaphore(value: 0)
        let server = try ScriptedServer { request, reply in
            if request.method != "POST" { return reply.plain("405 Method Not Allowed") }
            if request.body.contains("initialized") {
                answers.wait()
                return reply.plain("202 Accepted")
            }
            reply.json(F.result(request.id))
        }
        let recorder = LinkRecorder()
        let link = try F.streamable(server.url, recorder)
        link.send(F.request(1, MCPMethod.initialize, era: .legacy))
        _ = try await recorder.message(1)
        link.established(.v2025_06_18)
        link.send(F.request(nil, MCPMethod.initialized, era: .legacy))
        link.send(F.request(2, era: .legacy))
        link.send(F.request(3, era: .legacy))
        link.abandon(3)
        // What could overtake would have been started before this one, which is answered.
        _ = try await link.agent.send(CurlRequest(url: server.url))
        #expect(server.requests.all.filter { $0.method == "POST" }.count <= 2)
        answers.signal()
        _ = try await recorder.message(2)
        await link.close()
        let bodies = server.requests.all.filter { $0.method == "POST" }.map(\.body)
        #expect(bodies.count == 3)
        #expect(bodies[1].contains("initialized"))
    }
}
