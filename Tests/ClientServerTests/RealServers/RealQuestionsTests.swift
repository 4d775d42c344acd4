import GateProtocol
import GateTestKit
import Testing

/// Questions of real servers, answered by real clients: the official SDK of both ages on both sides, through the gateway.
@Suite(.serialized) struct RealQuestionsTests {
    private static let ages = ["new", "old"]

    /// The calls that ask, of each server, and what they end with.
    private func calls(
        _ names: [String: String], _ servers: [String], answer: String
    ) throws -> (calls: [(tool: String, arguments: JSONValue)], texts: [String]) {
        let pairs = try servers.map { server in
            (question: try #require(names["\(server)/question"]), sample: try #require(names["\(server)/sample"]))
        }
        let who: JSONValue = ["message": "Who is it?"]
        let haiku: JSONValue = ["prompt": "a haiku"]
        let calls = pairs.flatMap { [(tool: $0.question, arguments: who), (tool: $0.sample, arguments: haiku)] }
        return (calls, servers.flatMap { _ in ["accept: \(answer)", "test-model: \(answer) to a haiku"] })
    }

    @Test(arguments: [PythonClient.current, .currentLegacy, .old])
    func clientsAnswerServersOverHTTP(_ client: PythonClient) async throws {
        let servers = try await [PythonServer.start("new"), PythonServer.start("old")]
        let config = zip(RealQuestionsTests.ages, servers).map { Backends.http($0, $1.url) }
        let gateway = try await GatewayProcess.start(config.joined())
        try await gateway.running(RealQuestionsTests.ages)
        let wanted = try calls(try await gateway.names(), RealQuestionsTests.ages, answer: "Ada")
        let run = try await client.run(url: gateway.baseURL + "/mcp", wanted.calls, ["--answer", "Ada"])
        #expect(run.texts == wanted.texts, "\(run.steps.map(\.text)) \(run.errors)")
        #expect(try await gateway.stop() == .code(0))
    }

    @Test(arguments: [PythonClient.current, .old])
    func clientsAnswerServersOverStdio(_ client: PythonClient) async throws {
        let script = Products.checkout + "/Tests/python/http_server.py"
        let config = try RealQuestionsTests.ages.map {
            try Backends.stdio($0, Products.python($0), [script, "--stdio"])
        }
        let gateway = try await GatewayProcess.start(config.joined())
        try await gateway.running(RealQuestionsTests.ages)
        let wanted = try calls(try await gateway.names(), RealQuestionsTests.ages, answer: "Bo")
        let command = try [Products.path("stonegate"), "mcp", "--url", gateway.baseURL]
        let run = try await client.run(command: command, wanted.calls, ["--answer", "Bo"])
        #expect(run.texts == wanted.texts, "\(run.steps.map(\.text)) \(run.errors)")
        #expect(try await gateway.stop() == .code(0))
    }
}
