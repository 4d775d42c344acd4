import GateProtocol
import GateTestKit
import Testing

/// Resources, templates, prompts and completion of servers of both eras, for agents of both eras, through the real gateway.
@Suite(.serialized) struct SurfaceTests {
    private static let shared = "file:///shared.txt"

    /// Two servers with the same prompt and the same resource, and one thing each of their own.
    private static func gateway(_ era: String) async throws -> GatewayProcess {
        let first = try Backends.fake(
            "first",
            [
                "--era", era, "--prompts", "review,first-own", "--uris", "\(shared),note://first/1", "--templates",
                "db://first/{table}",
            ])
        let gateway = try await GatewayProcess.start(first)
        let agent = Agent.modern(gateway)
        _ = try await agent.wait(for: "prompts/list") { $0["result"]?["prompts"]?.arrayValue?.count == 2 }
        // Who is first to list a name keeps it, so the second server comes when the first has listed.
        let second: JSONValue = [
            "name": "second", "command": .string(try Products.path("fakemcp")),
            "args": [
                "--name", "second", "--era", .string(era), "--prompts", "review", "--uris",
                .string("\(shared),https://Example.COM"), "--templates", "db://second/{table}",
            ],
        ]
        let added = try await gateway.admin("POST", "/server/add", json: second.text)
        guard added.status == 201 else { throw TestKitError("not added: \(added.text)") }
        try await gateway.running(["first", "second"])
        _ = try await agent.wait(for: "resources/list") { $0["result"]?["resources"]?.arrayValue?.count == 4 }
        _ = try await agent.wait(for: "prompts/list") { $0["result"]?["prompts"]?.arrayValue?.count == 3 }
        let templates = ["ref": ["type": "ref/resource", "uri": "db://second/{table}"], "argument": [:]] as JSONValue
        _ = try await agent.wait(for: "completion/complete", templates) { $0["error"] == nil }
        return gateway
    }

    private static func agents(_ gateway: GatewayProcess, _ path: String = "/mcp") async throws -> [Agent] {
        [.modern(gateway, path), try await .legacy(gateway, path)]
    }

    private static func text(_ answer: JSONValue) -> String? {
        answer["result"]?["contents"]?.arrayValue?.first?["text"]?.stringValue
            ?? answer["result"]?["messages"]?.arrayValue?.first?["content"]?["text"]?.stringValue
    }

    @Test(arguments: ["legacy", "modern"])
    func everythingThatIsListedCanBeReadAndNothingIsMixedUp(era: String) async throws {
        let gateway = try await SurfaceTests.gateway(era)
        for agent in try await SurfaceTests.agents(gateway) {
            let qualified = "stonegate:second/\(SurfaceTests.shared)"
            #expect(
                try await agent.uris == [SurfaceTests.shared, "note://first/1", qualified, "https://Example.COM"])
            #expect(try await agent.prompts == ["review", "first-own", "second_review"])
            let readings = [
                SurfaceTests.shared: "first \(SurfaceTests.shared)", qualified: "second \(SurfaceTests.shared)",
                "note://first/1": "first note://first/1", "https://Example.COM": "second https://Example.COM",
                // As clients rewrite it.
                "https://example.com/": "second https://Example.COM",
                "stonegate:first/note://first/1": "first note://first/1",
                "db://second/people": "second db://second/people",
                "stonegate:second/db://second/people": "second db://second/people",
            ]
            for (uri, wanted) in readings {
                let answer = try await agent.ask("resources/read", ["uri": .string(uri)])
                #expect(SurfaceTests.text(answer) == wanted, "\(uri): \(answer.text)")
                if agent.session == nil {
                    #expect(answer["result"]?["resultType"] == "complete")
                    let isCacheable = era == "modern"
                    #expect((answer["result"]?["ttlMs"]?.intValue ?? -1 > 0) == isCacheable)
                    #expect(answer["result"]?["cacheScope"] == (isCacheable ? "public" : "private"))
                } else {
                    #expect(answer["result"]?.objectValue?.keys == ["contents"])
                }
            }
            // What was read is named as it was listed.
            let read = try await agent.ask("resources/read", ["uri": .string(qualified)])
            #expect(read["result"]?["contents"]?.arrayValue?.first?["uri"]?.stringValue == qualified)
            let got = try await agent.ask(
                "prompts/get", ["name": "second_review", "arguments": ["topic": "1.10"]])
            #expect(SurfaceTests.text(got) == #"second review {"topic":"1.10"}"#)
            let links = got["result"]?["messages"]?.arrayValue?.compactMap { $0["content"]?["uri"]?.stringValue }
            #expect(links == [qualified, "https://Example.COM"])
            #expect(
                SurfaceTests.text(try await agent.ask("prompts/get", ["name": "review"])) == "first review {}")
        }
        #expect(try await gateway.stop() == .code(0))
    }

    @Test(arguments: ["legacy", "modern"])
    func completionReachesTheServerUnderItsOwnNames(era: String) async throws {
        let gateway = try await SurfaceTests.gateway(era)
        for agent in try await SurfaceTests.agents(gateway) {
            let cases: [(JSONValue, String, String)] = [
                (["type": "ref/prompt", "name": "second_review"], "second", #"{"type":"ref/prompt","name":"review"}"#),
                (
                    ["type": "ref/resource", "uri": "db://first/{table}"], "first",
                    #"{"type":"ref/resource","uri":"db://first/{table}"}"#
                ),
            ]
            for (ref, server, own) in cases {
                let answer = try await agent.ask(
                    "completion/complete", ["ref": ref, "argument": ["name": "topic", "value": "a"]])
                let values = answer["result"]?["completion"]?["values"]?.arrayValue?.compactMap(\.stringValue)
                #expect(values == [server, own], "\(answer.text)")
            }
        }
        #expect(try await gateway.stop() == .code(0))
    }

    @Test(arguments: ["legacy", "modern"])
    func whatIsMissingIsSaidInTheCodesOfTheRevision(era: String) async throws {
        let gateway = try await SurfaceTests.gateway(era)
        for agent in try await SurfaceTests.agents(gateway) {
            let code = agent.session == nil ? -32602 : -32002
            // The gateway knows nobody who has it, and: the server that should, does not.
            for uri in ["nowhere://x", "stonegate:first/nowhere://x"] {
                let error = try await agent.ask("resources/read", ["uri": .string(uri)])["error"]
                #expect(error?["code"]?.intValue == code, "\(uri): \(error?.text ?? "")")
                #expect(error?["data"]?["uri"]?.stringValue == uri)
            }
            let prompt = try await agent.ask("prompts/get", ["name": "nothing"])["error"]
            #expect(prompt?["code"]?.intValue == -32602)
            #expect(prompt?["data"]?["code"] == "PROMPT_NOT_FOUND")
        }
        #expect(try await gateway.stop() == .code(0))
    }

    @Test func aServersOwnAddressHasItsOwnNames() async throws {
        let gateway = try await SurfaceTests.gateway("legacy")
        for agent in try await SurfaceTests.agents(gateway, "/mcp/second") {
            #expect(try await agent.uris == [SurfaceTests.shared, "https://Example.COM"])
            #expect(try await agent.prompts == ["review"])
            let tools = try await agent.list("tools/list", "tools", "name")
            #expect(tools.contains("echo") && !tools.contains { $0.hasPrefix("gate_") || $0.hasPrefix("second_") })
            #expect(
                SurfaceTests.text(try await agent.ask("resources/read", ["uri": .string(SurfaceTests.shared)]))
                    == "second \(SurfaceTests.shared)")
            #expect(SurfaceTests.text(try await agent.ask("prompts/get", ["name": "review"])) == "second review {}")
            let who = try await agent.ask("tools/call", ["name": "whoami", "arguments": [:]])
            #expect(who.text.contains("second"))
            let absent = try await agent.ask("tools/call", ["name": "gate_status", "arguments": [:]])
            #expect(absent["error"]?["code"]?.intValue == -32602)
        }
        // Chosen among others, names stay those of the whole.
        let chosen = Agent.modern(gateway, "/mcp?servers=second")
        #expect(try await chosen.prompts == ["second_review"])
        #expect(try await chosen.uris.first == "stonegate:second/\(SurfaceTests.shared)")
        #expect(try await chosen.list("tools/list", "tools", "name").contains("gate_status"))
        #expect(try await gateway.stop() == .code(0))
    }

    @Test func anAgentIsToldWhatThereIs() async throws {
        let gateway = try await SurfaceTests.gateway("modern")
        let (_, hello) = try await Agent.legacyWithGreeting(gateway)
        #expect(hello["capabilities"]?["prompts"]?.text == #"{"listChanged":true}"#)
        #expect(hello["capabilities"]?["resources"]?.text == #"{"listChanged":true}"#)
        #expect(hello["capabilities"]?["completions"]?.text == "{}")
        #expect(hello["capabilities"]?["logging"]?.text == "{}")
        let words = hello["instructions"]?.stringValue ?? ""
        #expect(words.contains("## first\nInstructions of first.\n\n## second\nInstructions of second."))
        // The oldest revision knows no capability for completion.
        let (_, oldest) = try await Agent.legacyWithGreeting(gateway, version: "2024-11-05")
        #expect(oldest["capabilities"]?["completions"] == nil)
        #expect(oldest["capabilities"]?["tasks"] == nil)
        let (_, own) = try await Agent.legacyWithGreeting(gateway, "/mcp/first")
        #expect(own["instructions"] == "Instructions of first.")
        let discovered = try await Agent.modern(gateway).ask("server/discover")["result"]
        #expect(discovered?["instructions"]?.stringValue == words)
        #expect(discovered?["capabilities"]?["prompts"]?.text == #"{"listChanged":true}"#)
        // The servers say how long their lists are good, and the shortest counts.
        let list = try await Agent.modern(gateway).ask("prompts/list")["result"]
        #expect((1...60_000).contains(list?["ttlMs"]?.intValue ?? 0))
        #expect(list?["cacheScope"] == "private")
        #expect(try await gateway.stop() == .code(0))
    }

    @Test func hiddenIsHiddenInEverySpelling() async throws {
        let config = try Backends.fake("only", ["--prompts", "a,b", "--uris", "file:///a/b,file:///a/secret"])
        let filtered = config.replacing(
            "name = \"only\"",
            with: """
                name = "only"
                resources = { deny = ["*secret*"] }
                prompts = { allow = ["a"] }
                """)
        let gateway = try await GatewayProcess.start(filtered)
        try await gateway.running(["only"])
        let agent = Agent.modern(gateway)
        let list = try await agent.wait(for: "resources/list") {
            $0["result"]?["resources"]?.arrayValue?.isEmpty == false
        }
        #expect(list["result"]?["resources"]?.arrayValue?.compactMap { $0["uri"]?.stringValue } == ["file:///a/b"])
        _ = try await agent.wait(for: "prompts/list") { $0["result"]?["prompts"]?.arrayValue?.isEmpty == false }
        #expect(try await agent.prompts == ["a"])
        #expect(try await agent.ask("prompts/get", ["name": "b"])["error"]?["code"]?.intValue == -32602)
        for uri in ["file:///a/secret", "file:///a/%73ecret", "FILE:///a/secret", "stonegate:only/file:///a/secret"] {
            let answer = try await agent.ask("resources/read", ["uri": .string(uri)])
            #expect(answer["error"]?["data"]?["code"] == "RESOURCE_NOT_FOUND", "\(uri): \(answer.text)")
        }
        #expect(try await gateway.stop() == .code(0))
    }

    @Test func aServerWithoutToolsWorksAndListsComeByThePage() async throws {
        let config = try Backends.fake("quiet", ["--toolless", "--uris", "a:1,a:2,a:3"])
        let gateway = try await GatewayProcess.start("[gateway]\npage_size = 2\n" + config)
        try await gateway.running(["quiet"])
        let agent = try await Agent.legacy(gateway)
        let first = try await agent.wait(for: "resources/list") { $0["result"]?["nextCursor"] != nil }
        #expect(first["result"]?["resources"]?.arrayValue?.count == 2)
        let cursor = try #require(first["result"]?["nextCursor"])
        let second = try await agent.ask("resources/list", ["cursor": cursor])
        #expect(second["result"]?["resources"]?.text == #"[{"uri":"a:3","name":"a:3"}]"#)
        #expect(second["result"]?["nextCursor"] == nil)
        #expect(try await agent.ask("tools/list", ["cursor": cursor])["error"]?["code"]?.intValue == -32602)
        #expect(try await agent.list("tools/list", "tools", "name").allSatisfy { $0.hasPrefix("gate_") })
        #expect(try await gateway.stop() == .code(0))
    }

    @Test func agentsSeeWhatWasThereBeforeItHasStartedAgain() async throws {
        let config = try Backends.fake(
            "slow", ["--start-delay-ms", "1500", "--prompts", "p", "--uris", "a:1", "--templates", "b:{x}"])
        let first = try await GatewayProcess.start(config)
        let agent = Agent.modern(first)
        _ = try await agent.wait(for: "resources/list") { $0["result"]?["resources"]?.arrayValue?.isEmpty == false }
        _ = try await agent.wait(for: "prompts/list") { $0["result"]?["prompts"]?.arrayValue?.isEmpty == false }
        #expect(try await first.stop() == .code(0))
        let second = try await GatewayProcess.start(config, directory: first.directory)
        let again = Agent.modern(second)
        let list = try await again.ask("resources/list")["result"]
        #expect(list?["resources"]?.text == #"[{"uri":"a:1","name":"a:1"}]"#)
        // Nothing is known of how long that holds.
        #expect(list?["ttlMs"]?.intValue == 0)
        #expect(try await again.prompts == ["p"])
        #expect(try await again.list("resources/templates/list", "resourceTemplates", "uriTemplate") == ["b:{x}"])
        let capabilities = try await again.ask("server/discover")["result"]?["capabilities"]
        #expect(capabilities?["prompts"] != nil && capabilities?["resources"]?["subscribe"] == nil)
        // And a call waits for it.
        #expect(SurfaceTests.text(try await again.ask("resources/read", ["uri": "b:7"])) == "slow b:7")
        #expect(try await second.stop() == .code(0))
    }
}
