import GateProtocol
import GateTestKit
import Testing

/// `stonegate mcp` under clients that launch commands.
@Suite(.serialized) struct StdioBridgeTests {
    @Test(arguments: [PythonClient.current, .currentLegacy, .old])
    func clientListsAndCallsOverStdio(_ client: PythonClient) async throws {
        let gateway = try await GatewayProcess.start(Backends.fake("one"))
        try await gateway.running(["one"])
        let run = try await client.run(
            command: [Products.path("stonegate"), "mcp", "--url", gateway.baseURL, "--agent", "bridge-test"],
            [
                ("echo", ["text": "grüße"]), ("progress", ["n": 3]), ("structured", ["a": 1, "b": 2]),
            ])
        #expect(run.exit == .code(0), "\(run.steps.map(\.text)) \(run.errors)")
        #expect(Set(run.tools).isSuperset(of: ["echo", "progress", "gate_call", "gate_discover", "gate_status"]))
        #expect(run.texts.prefix(2) == ["grüße", "done after 3 steps"])
        let calls = run.all("call")
        #expect(calls.dropFirst().first?["progress"]?.arrayValue?.count == 3, "\(calls.map(\.text))")
        #expect(calls.last?["structured"]?["sum"] == 3)
    }
}
