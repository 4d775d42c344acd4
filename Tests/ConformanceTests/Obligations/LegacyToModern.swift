import GateProtocol
import GateTestKit

/// The lines of the table for a legacy agent and a modern backend.
extension Obligation {
    static let legacyToModern: [Obligation] = [
        Obligation(
            "LM-1", "`initialize` is answered by the gateway, in the newest revision both know", Lanes.legacyHTTP
        ) { it in
            for revision in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] {
                let agent = try await HTTPAgent.open(
                    "\(it.lane.server)-\(revision)", .legacy, port: it.gateway.port, revision: revision,
                    tap: it.stage.tap)
                it.equal(agent.revision, revision, "asked for \(revision)")
                it.equal(try await agent.call(it.name("echo"), ["text": "x"]).text, "x", revision)
                await agent.close()
            }
            for revision in ["2026-07-28", "2099-01-01", "1.0"] {
                let agent = try await HTTPAgent.open(
                    "\(it.lane.server)-\(revision)", .legacy, port: it.gateway.port, revision: revision)
                it.equal(agent.revision, "2025-11-25", "asked for \(revision)")
            }
        },
        Obligation("LM-2", "Capabilities of the session are declared on each request", Lanes.legacyToModern) { it in
            let plain = try await it.another(
                "LM-2", capabilities: ["elicitation": [:], "roots": ["listChanged": true], "tasks": ["list": [:]]])
            let seen = try await plain.call(it.name("sees")).structured?["capabilities"]
            it.expect(seen?["elicitation"] != nil, "elicitation: \(seen?.text ?? "none")")
            it.expect(seen?.at("elicitation", "url") == nil, "a URL mode that was not declared")
            it.expect(seen?["sampling"] == nil, "sampling")
            it.expect(seen?.at("roots", "listChanged") == nil, "roots.listChanged")
            it.expect(seen?["tasks"] == nil, "tasks")
            await plain.close()
        },
        Obligation(
            "LM-3", "`input_required`: asked in the session, made again with a new id and the exact state",
            Lanes.legacyToModern
        ) { it in
            let mark = it.mark
            let reply = try await it.call("rounds", ["n": 2])
            let asked = reply.messages.filter { $0.method == "elicitation/create" }
            it.equal(asked.count, 2, "questions on the call's own stream: \(reply.response.raw.prefix(300))")
            it.equal(Set(asked.compactMap { $0.id?.text }).count, 2, "ids of the questions")
            let calls = try await it.received(since: mark).filter { $0.method == "tools/call" }
            it.equal(calls.count, 3, "calls")
            it.equal(Set(calls.compactMap { $0.message["id"]?.text }).count, calls.count, "ids")
            it.expect(
                calls.dropFirst().allSatisfy {
                    $0.message.at("params", "requestState")?.stringValue?.contains("step") == true
                }, "states")
            it.equal(Set(calls.compactMap { $0.message.at("params", "arguments")?.text }).count, 1, "arguments")
        },
        Obligation("LM-4", "A state without a question comes back as it was", Lanes.modernBackend) { it in
            it.equal(try await it.call("state_only").text, "the state came back", "the result")
        },
        Obligation("LM-5", "Ten rounds at most", Lanes.legacyToModern) { it in
            let mark = it.mark
            let reply = try await it.call("rounds", ["n": 30])
            it.expect(reply.error != nil || reply.result["isError"] == true, "\(reply.response.raw.prefix(200))")
            // What was called before may still arrive.
            let calls = try await it.received(since: mark).filter {
                $0.message.at("params", "name")?.stringValue?.hasPrefix("rounds") == true
            }
            it.expect((10...11).contains(calls.count), "calls: \(calls.count)")
        },
        Obligation(
            "LM-6", "An agent's error: an elicitation is cancelled",
            { lane in
                guard lane.agent == .legacy else {
                    return lane.backend == .modern
                        ? .impossible(
                            "`inputResponses` can hold results only: an agent of 2026-07-28 has no way to send an error there"
                        ) : .irrelevant
                }
                return .applies
            }
        ) { it in
            let reply = try await it.call("ask", ["message": "error please"])
            let answer = reply.structured?["answer"]
            it.expect(answer?["action"] == "cancel" || answer?["error"] != nil, "\(reply.response.raw.prefix(300))")
            if it.lane.backend == .modern { it.equal(answer?["action"], "cancel", "the action") }
        },
        Obligation("LM-7", "Elicitation by URL has an `elicitationId`", Lanes.legacyToModern) { it in
            let reply = try await it.call("ask", ["mode": "url"])
            let asked = reply.messages.first { $0.method == "elicitation/create" }
            it.expect(
                asked?.params["elicitationId"]?.stringValue?.isEmpty == false, "\(asked?.raw ?? reply.response.raw)")
        },
        Obligation("LM-8", "`logging/setLevel` becomes the level of each later request", Lanes.legacyToModern) { it in
            let agent = try await it.another("LM-8")
            let before = try await agent.call(it.name("sees")).structured?["meta"]
            _ = try await agent.request("logging/setLevel", ["level": "error"])
            let seen = try await agent.call(it.name("sees")).structured?["meta"]
            it.equal(
                seen?[Wire.prefix + "logLevel"], "error",
                "the level; before it was \(before?[Wire.prefix + "logLevel"]?.text ?? "none")")
            await agent.close()
        },
        Obligation("LM-9", "`resources/subscribe` and unsubscribe", Lanes.legacyAgent, subscribes),
        Obligation("LM-10", "`list_changed` of each kind reaches the session", Lanes.all, announces),
        Obligation(
            "LM-11", "`notifications/cancelled` ends the call at the backend",
            Lanes.when { $0.agent == .legacy || $0.front == .stdio }, cancels),
        Obligation("LM-12", "A dropped connection is no cancel", Lanes.legacyHTTP, closedStream),
        Obligation(
            "LM-13", "Modern members of results and results of other shapes do not reach legacy agents",
            Lanes.legacyToModern
        ) { it in
            for method in ["tools/list", "prompts/list", "resources/list", "resources/templates/list"] {
                let result = try await it.agent.request(method).result
                for key in ["resultType", "ttlMs", "cacheScope"] {
                    it.expect(result[key] == nil, "\(key) in \(method)")
                }
            }
            for shape in ["array", "string", "number", "null", "boolean"] {
                let reply = try await it.call("shape", ["shape": .string(shape)])
                it.expect(reply.structured == nil, "structuredContent of \(shape): \(reply.response.raw.prefix(200))")
                it.expect(reply.text != nil, "no text for \(shape)")
                it.expect(reply.result["resultType"] == nil, "resultType")
            }
            it.equal(try await it.call("shape", ["shape": "object"]).structured, ["a": 1], "an object")
            let any = try await it.list("tools/list", "tools").first { $0["name"] == .string(it.name("any")) }
            it.expect(
                any != nil && any?["outputSchema"] == nil,
                "an outputSchema that is no object's: \(any?.text ?? "no tool")")
        },
        Obligation("LM-14", "Content that an older revision does not know is rewritten", Lanes.legacyHTTP) { it in
            for (revision, kinds) in [
                ("2025-03-26", ["text", "image", "resource", "resource", "audio", "text"]),
                ("2024-11-05", ["text", "image", "resource", "resource", "resource", "text"]),
            ] {
                let agent = try await HTTPAgent.open(
                    "\(it.lane.server)-\(revision)", .legacy, port: it.gateway.port, revision: revision,
                    tap: it.stage.tap)
                let reply = try await agent.call(it.name("kinds"))
                let found = reply.result["content"]?.arrayValue?.compactMap { $0["type"]?.stringValue }
                it.equal(found, kinds, revision)
                await agent.close()
            }
        },
        Obligation(
            "LM-15", "Forms for a 2025-06-18 agent: titles as `enumNames`, several choices declined",
            // A second session on a pipe is not asked while a call of the first may still run there.
            Lanes.when { $0.agent == .legacy && $0.front == .http && $0.back == .http }
        ) { it in
            let agent = try await HTTPAgent.open(
                "\(it.lane.server)-0618", .legacy, port: it.gateway.port, revision: "2025-06-18",
                capabilities: ["elicitation": [:]], tap: it.stage.tap)
            let titled = try await agent.call(it.name("ask"), ["form": "titled"])
            let pick = titled.messages.first { $0.method == "elicitation/create" }?.params.at(
                "requestedSchema", "properties", "pick")
            it.equal(pick?["enum"], ["a", "b"], "\(titled.response.raw.prefix(300))")
            it.equal(pick?["enumNames"], ["An A", "A B"], "enumNames")
            let many = try await agent.call(it.name("ask"), ["form": "multi"])
            it.expect(many.messages.filter { $0.id != nil }.isEmpty, "a form that it cannot show")
            let action = many.structured?.at("answer", "action")?.stringValue
            it.expect(["cancel", "decline"].contains(action), "\(many.response.raw.prefix(300))")
            await agent.close()
        },
        Obligation(
            "LM-16", "Errors: a missing resource is -32002 in a session, a status never hides an answer",
            Lanes.legacyToModern
        ) { it in
            let uri = try await it.exposed("resources", "uri", "text").replacing("text", with: "none")
            let missing = try await it.agent.request("resources/read", ["uri": .string(uri)])
            it.equal(missing.code, -32002, "not found: \(missing.response.raw.prefix(300))")
            let needs = try await it.another("LM-16", capabilities: [:])
            let refused = try await needs.call(it.name("needs_sampling"))
            it.expect(refused.error != nil || refused.result["isError"] == true, "\(refused.response.raw.prefix(300))")
            it.expect(refused.code != -32021, "the code -32021 in a session")
            if it.http != nil { it.equal(refused.status, 200, "status") }
            await needs.close()
        },
        Obligation(
            "LM-17", "A lost upstream stream is an error, and nothing is repeated", Lanes.when { $0.back == .http }
        ) { it in
            let mark = it.mark
            let key = "LM-17 \(it.lane.server)"
            let reply = try await it.call("drop", ["key": .string(key)])
            it.expect(reply.error != nil || reply.result["isError"] == true, "\(reply.response.raw.prefix(300))")
            let began = try await it.received(since: mark).filter { $0.event == "began" && $0.key == key }
            it.equal(began.count, 1, "executions")
        },
        Obligation("LM-18", "The tasks extension is not declared upstream, so no task comes", Lanes.modernBackend) {
            it in
            it.equal(try await it.call("tasked").text, "done without a task", "the result")
        },
        Obligation(
            "MM-1", "Modern to modern: questions and answers pass untouched, the state is wrapped",
            Lanes.when { $0.agent == .modern && $0.backend == .modern }
        ) { it in
            let mark = it.mark
            let first = try await it.call("ask", ["message": "MM-1"], AgentOptions(rounds: false))
            let asked = first.result.at("inputRequests", "who", "params")
            it.equal(
                asked?.at("requestedSchema", "properties", "age")?.text, #"{"type":"integer","minimum":0}"#, "the form")
            let whole = try await it.call("rounds", ["n": 2])
            it.equal(whole.structured?["rounds"]?.arrayValue?.count, 2, "\(whole.response.raw.prefix(300))")
            let calls = try await it.received(since: mark).filter { $0.method == "tools/call" }
            let states = calls.compactMap { $0.message.at("params", "requestState")?.stringValue }
            it.expect(
                states.count == 2 && states.allSatisfy { $0.hasPrefix("{\"step\"") },
                "the backend's own states: \(states)")
        },
    ]

    @Sendable private static func subscribes(_ it: Case) async throws {
        let uri = try await it.exposed("resources", "uri", "text")
        let listening = try await it.agent.listen([:])
        it.equal(try await it.agent.request("resources/subscribe", ["uri": .string(uri)]).result, [:], "subscribe")
        _ = try await it.call("touch", ["uri": .string(it.uri("text"))])
        let notice = try await listening.next("notifications/resources/updated")
        it.equal(notice.params["uri"], .string(uri), "the URI")
        it.equal(try await it.agent.request("resources/unsubscribe", ["uri": .string(uri)]).result, [:], "unsubscribe")
        let count = listening.all.filter { $0.method == "notifications/resources/updated" }.count
        _ = try await it.call("touch", ["uri": .string(it.uri("text"))])
        // Another notice that must come shows that nothing was sent before it.
        _ = try await it.call("change", ["kind": "tools", "name": .string("lm9" + it.lane.tag)])
        _ = try await listening.next("notifications/tools/list_changed")
        it.equal(
            listening.all.filter { $0.method == "notifications/resources/updated" }.count, count, "after unsubscribe")
        await listening.close()
    }

    /// Changes a list until it is announced. The stream of a session behind the bridge is opened beside its first requests, and
    /// no revision promises what happens before it is open.
    private static func change(_ kind: String, _ it: Case, _ listening: any Listening) async throws -> String {
        let notice = "notifications/\(kind)/list_changed"
        for attempt in 1...3 {
            let own = "new_\(kind)_\(attempt)" + it.lane.tag
            _ = try await it.call("change", ["kind": .string(kind), "name": .string(own)])
            if attempt < 3, it.lane.front == .stdio, it.lane.agent == .legacy {
                guard (try? await listening.next(notice, within: .seconds(3))) != nil else { continue }
            } else {
                _ = try await listening.next(notice)
            }
            return own
        }
        throw TestKitError("not announced")
    }

    @Sendable private static func announces(_ it: Case) async throws {
        let only = try await it.alone("changes")
        let listening = try await only.listen(
            ["toolsListChanged": true, "promptsListChanged": true, "resourcesListChanged": true])
        if it.isModern { _ = try await listening.next("notifications/subscriptions/acknowledged") }
        for kind in ["tools", "prompts", "resources"] {
            let own = try await change(kind, it, listening)
            let items = try await it.list("\(kind)/list", kind)
            it.expect(items.contains { $0["name"] == .string(own) }, "\(own) is not listed")
        }
        await listening.close()
        await only.close()
    }
}
