import GateProtocol
import GateTestKit
import Testing

/// S-6: ids of sessions as clients get them, over a restart of the gateway with the same key.
@Suite(.serialized) struct SessionIDTests {
    @Test func idsHaveNothingInCommonOverARestart() async throws {
        let directory = try TemporaryDirectory()
        var ids: Set<String> = []
        var beginnings: Set<String> = []
        for _ in 0..<2 {
            let gateway = try await GatewayProcess.start(directory: directory)
            for _ in 0..<200 {
                let hello = try await gateway.post("/mcp", json: FakeMCP.initialize)
                let id = try #require(hello["Mcp-Session-Id"])
                ids.insert(id)
                beginnings.insert(String(id.prefix(8)))
            }
            #expect(try await gateway.stop() == .code(0))
        }
        #expect(ids.count == 400 && beginnings.count == 400)
    }
}
