import GateProtocol
import GateTestKit

/// The rest of the surface, which has to pass in every pairing.
extension Obligation {
    static let surface: [Obligation] = [
        Obligation("S-1", "Resources: list, read text and bytes, odd URIs") { it in
            for (own, key) in [("text", "text"), ("odd", "text"), ("blob", "blob")] {
                let uri = try await it.exposed("resources", "uri", own)
                let reply = try await it.agent.request("resources/read", ["uri": .string(uri)])
                let content = reply.result["contents"]?.arrayValue?.first
                it.expect(content?[key] != nil, "\(own): \(reply.response.raw.prefix(300))")
                it.equal(content?["uri"], .string(uri), "the URI of \(own)")
            }
            let mark = it.mark
            let text = try await it.exposed("resources", "uri", "text")
            _ = try await it.agent.request("resources/read", ["uri": .string(text)])
            // The line of the read before may come behind the mark.
            let line = try await it.line(from: mark) {
                $0.method == "resources/read" && $0.message.at("params", "uri") != .string(it.uri("blob"))
            }
            it.equal(line.message.at("params", "uri"), .string(it.uri("text")), "the URI at the backend")
        },
        Obligation("S-2", "Resource templates: list, and reading what they lead to") { it in
            let templates = try await it.list("resources/templates/list", "resourceTemplates")
            let found = templates.first { $0["name"] == .string(it.name("item")) }
            let template = try it.require(found?["uriTemplate"]?.stringValue, "no template")
            let uri = template.replacing("{id}", with: "7")
            let reply = try await it.agent.request("resources/read", ["uri": .string(uri)])
            let text = reply.result["contents"]?.arrayValue?.first?["text"]?.stringValue
            it.expect(text?.hasSuffix("item/7") == true, "\(reply.response.raw.prefix(300))")
        },
        Obligation("S-3", "Prompts: list, get with and without arguments, every kind of content") { it in
            let greet = try await it.exposed("prompts", "name", "greet")
            let reply = try await it.agent.request(
                "prompts/get", ["name": .string(greet), "arguments": ["name": "Åsa"]])
            let text = reply.result["messages"]?.arrayValue?.first?.at("content", "text")
            it.equal(text, "Hello Åsa", "\(reply.response.raw.prefix(300))")
            let missing = try await it.agent.request("prompts/get", ["name": .string(greet)])
            it.equal(missing.code, -32602, "without its argument")
            let rich = try await it.exposed("prompts", "name", "rich")
            let kinds = try await it.agent.request("prompts/get", ["name": .string(rich)]).result["messages"]?
                .arrayValue
            it.equal(kinds?.compactMap { $0.at("content", "type")?.stringValue }, ["image", "resource"], "kinds")
            let unknown = try await it.agent.request("prompts/get", ["name": "no_such_prompt"])
            it.equal(unknown.code, -32602, "an unknown prompt")
            let entry = try await it.list("prompts/list", "prompts").first { $0["name"] == .string(greet) }
            it.equal(entry?.at("_meta", "com.example/kept"), 1, "_meta of a prompt")
        },
        Obligation("S-4", "Completion for prompts and templates, with context") { it in
            let prompt = try await it.exposed("prompts", "name", "greet")
            let templates = try await it.list("resources/templates/list", "resourceTemplates")
            let template = templates.first { $0["name"] == .string(it.name("item")) }?["uriTemplate"] ?? ""
            let words = try await it.agent.request(
                "completion/complete",
                [
                    "ref": ["type": "ref/prompt", "name": .string(prompt)],
                    "argument": ["name": "name", "value": "par"], "context": ["arguments": ["a": "b"]],
                ])
            it.equal(
                words.result.at("completion", "values")?.arrayValue?.prefix(3).map(\.text),
                ["\"paris\"", "\"park\"", "\"party\""], "\(words.response.raw.prefix(300))")
            it.equal(words.result.at("completion", "values")?.arrayValue?.count, 4, "the context")
            let ids = try await it.agent.request(
                "completion/complete",
                ["ref": ["type": "ref/resource", "uri": template], "argument": ["name": "id", "value": "1"]])
            it.equal(ids.result.at("completion", "values"), ["10", "11"], "\(ids.response.raw.prefix(300))")
        },
        Obligation("S-5", "Instructions name each server and say what it says") { it in
            var said = ""
            if it.isModern {
                said = try await it.agent.request("server/discover").result["instructions"]?.stringValue ?? ""
            } else {
                let agent = try await HTTPAgent.open("\(it.lane.server)-s5", .legacy, port: it.gateway.port)
                said = agent.instructions["instructions"]?.stringValue ?? ""
            }
            it.expect(said.contains(it.lane.server), "the server is not named: \(said.prefix(300))")
            it.expect(said.contains("Instructions of fixture\(it.lane.tag)"), "its instructions: \(said.prefix(300))")
        },
        Obligation("S-6", "A notice without a change is not passed on") { it in
            let only = try await it.alone("S-6")
            let listening = try await only.listen(
                ["toolsListChanged": true, "promptsListChanged": true, "resourcesListChanged": true])
            if it.isModern { _ = try await listening.next("notifications/subscriptions/acknowledged") }
            let mark = it.mark
            _ = try await it.call("change", ["kind": "prompts", "same": true])
            _ = try await it.line(from: mark) { $0.method == "prompts/list" }
            _ = try await it.call("change", ["kind": "tools", "name": .string("s6" + it.lane.tag)])
            _ = try await listening.next("notifications/tools/list_changed")
            let notices = listening.all.filter { $0.method == "notifications/prompts/list_changed" }
            it.equal(notices.count, 0, "notices without a change")
            await listening.close()
            await only.close()
        },
        Obligation("S-7", "`/mcp/{server}`: one server alone, under its own names", Lanes.http) { it in
            let agent = try await HTTPAgent.open(
                "\(it.lane.server)-s7", it.lane.agent, port: it.gateway.port, path: "/mcp/\(it.lane.server)",
                tap: it.stage.tap)
            for (method, key) in [("tools/list", "tools"), ("prompts/list", "prompts")] {
                let names = try await it.list(method, key, agent: agent).compactMap { $0["name"]?.stringValue }
                let own = names.filter { !$0.hasPrefix("gate_") }
                it.expect(own.allSatisfy { $0.hasSuffix(it.lane.tag) } && !own.isEmpty, "\(method): \(own.prefix(5))")
            }
            it.equal(try await agent.call(it.name("echo"), ["text": "x"]).text, "x", "echo")
            let read = try await agent.request("resources/read", ["uri": .string(it.uri("text"))])
            it.equal(
                read.result["contents"]?.arrayValue?.first?["text"], .string("text of " + it.uri("text")), "its own URI"
            )
            let foreign = it.stage.agents.keys.first { $0 != it.lane }?.tag ?? ""
            it.equal(try await agent.call("echo" + foreign, ["text": "x"]).code, -32602, "another server's tool")
        },
    ]
}
