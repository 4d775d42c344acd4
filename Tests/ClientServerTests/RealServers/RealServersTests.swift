import GateClient
import GateProtocol
import GateTestKit
import Testing

/// Servers that others wrote, reached by clients that others wrote.
@Suite(.serialized, .realServers) struct RealServersTests {
    @Test func allServersRun() async throws {
        let real = try RealServers.current
        for name in real.serverNames {
            let server = try await real.gateway.server(name)
            #expect(server["status"] == "running", "\(name): \(server.text)")
            #expect((server["tool_count"]?.intValue ?? 0) > 0)
        }
        let health = try await real.gateway.json("/health")
        #expect(health["status"] == "ok")
        #expect(health["backends_healthy"]?.intValue == real.serverNames.count)
    }

    @Test func protocolRevisionsAreTheNewestThatEachSpeaks() async throws {
        let gateway = try RealServers.current.gateway
        #expect(try await gateway.server("time")["protocol"] == "2026-07-28")
        #expect(try await gateway.server("http-new")["protocol"] == "2026-07-28")
        #expect(try await gateway.server("http-old")["protocol"] == "2025-11-25")
        #expect(try await gateway.server("sqlite")["protocol"] == "2025-11-25")
        #expect(try await gateway.server("git-old")["protocol"] == "2024-11-05")
    }

    @Test func allToolsAreInOneCatalog() async throws {
        let real = try RealServers.current
        let catalog = try await real.gateway.json("/tools")
        let tools = catalog["tools"]?.arrayValue ?? []
        #expect(catalog["total"]?.intValue == tools.count)
        var counts: [String: Int] = [:]
        for tool in tools { counts[tool["server"]?.stringValue ?? "", default: 0] += 1 }
        #expect(Set(counts.keys) == Set(real.serverNames))
        for name in real.serverNames {
            #expect(try await real.gateway.server(name)["tool_count"]?.intValue == counts[name])
        }
        let exposed = tools.compactMap { $0["name"]?.stringValue }
        #expect(Set(exposed).count == tools.count, "names are unique")
        // Of two servers with the same tool, the earlier one keeps the name.
        #expect(real.names["git/git_log"] == "git_log")
        #expect(real.names["git-old/git_log"] != "git_log")
        for place in ["grafana/query_prometheus", "word/create_document", "sqlite/read_query", "http-new/steps"] {
            #expect(real.names[place] != nil, "\(place) is missing")
        }
    }

    @Test(arguments: [PythonClient.current, .currentLegacy, .old])
    func pythonClientListsAndCalls(_ client: PythonClient) async throws {
        let real = try RealServers.current
        let run = try await client.run(url: real.gateway.baseURL + "/mcp", real.calls())
        #expect(run.exit == .code(0), "\(run.steps.map(\.text)) \(run.errors)")
        #expect(Set(run.tools).isSuperset(of: Set(real.names.values)))
        #expect(run.texts.count == real.expectations.count)
        for (text, expectation) in zip(run.texts, real.expectations) {
            #expect(text.contains(expectation.answer), "\(expectation.server): \(text)")
        }
    }

    @Test func curlCallsOverREST() async throws {
        let real = try RealServers.current
        for expectation in real.expectations {
            let body: JSONValue = [
                "server": .string(expectation.server), "tool": .string(expectation.tool),
                "arguments": expectation.arguments,
            ]
            let run = try await Program.run(
                "/usr/bin/curl",
                [
                    "-sS", "--fail-with-body", "-H", "Content-Type: application/json", "-d", body.text,
                    real.gateway.baseURL + "/call",
                ])
            #expect(run.exit == .code(0), "\(expectation.server): \(run.output) \(run.errors)")
            let answer = try JSONValue(parsing: run.output)
            #expect(answer["result"]?.text.contains(expectation.answer) == true, "\(expectation.server): \(run.output)")
            #expect(answer["server"] == .string(expectation.server))
        }
    }

    @Test func curlCallsOverMCP() async throws {
        let real = try RealServers.current
        let tool = try #require(real.names["time/convert_time"])
        let message = MCPMessage.modernCall(tool, real.expectations[0].arguments, id: "a/1")
        let headers = MCPMessage.modernHeaders(call: tool).flatMap { ["-H", "\($0.key): \($0.value)"] }
        let run = try await Program.run(
            "/usr/bin/curl",
            [
                "-sS", "--fail-with-body", "-H", "Content-Type: application/json", "-H",
                "Accept: application/json, text/event-stream", "-d", message,
            ] + headers + [real.gateway.baseURL + "/mcp"])
        #expect(run.exit == .code(0), "\(run.output) \(run.errors)")
        #expect(run.output.contains("21:00"))
        #expect(run.output.contains(#""id":"a/1""#))
    }

    @Test func gatecallCalls() async throws {
        let real = try RealServers.current
        let gatecall = try Products.path("gatecall")
        for expectation in real.expectations {
            let place = "\(expectation.server)/\(expectation.tool)"
            let run = try await Program.run(
                gatecall, ["call", place, "--url", real.gateway.baseURL, "--json", expectation.arguments.text])
            #expect(run.exit == .code(0), "\(place): \(run.output) \(run.errors)")
            #expect(run.output.contains(expectation.answer), "\(place): \(run.output)")
        }
        // Typed by the tool's schema: the numbers arrive as numbers.
        let run = try await Program.run(
            gatecall, ["call", "http-old/add", "a=40", "b=2", "--url", real.gateway.baseURL])
        #expect(run.exit == .code(0), "\(run.errors)")
        #expect(run.output.contains("42"))
    }

    @Test func swiftClientCalls() async throws {
        let real = try RealServers.current
        let client = try GateClient(url: real.gateway.baseURL)
        for expectation in real.expectations {
            let answer = try await client.call(
                "\(expectation.server)/\(expectation.tool)", arguments: expectation.arguments)
            #expect(!answer.isError)
            #expect(answer.text.contains(expectation.answer), "\(expectation.server): \(answer.text)")
        }
        let list = try await client.tools()
        #expect(Set(list.tools.map(\.name)) == Set(real.names.values))
        await client.shutdown()
    }

    /// A server of the old era answers an agent of the new one, with progress on the way.
    @Test(arguments: ["http-new", "http-old"])
    func progressCrossesTheGateway(_ server: String) async throws {
        let real = try RealServers.current
        let tool = try #require(real.names["\(server)/steps"])
        for client in [PythonClient.current, .old] {
            let run = try await client.run(url: real.gateway.baseURL + "/mcp", [(tool, ["n": 3])], ["--no-list"])
            #expect(run.texts == ["done after 3 steps"], "\(run.steps.map(\.text))")
            let progress = run.all("call").first?["progress"]?.arrayValue ?? []
            #expect(progress.last?.arrayValue?.last == "step 3 of 3", "\(progress)")
            #expect(progress.count == 3)
        }
    }
}
