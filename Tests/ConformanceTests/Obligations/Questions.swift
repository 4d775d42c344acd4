import GateProtocol
import GateTestKit

/// Questions that backends ask: in all four pairings they have to reach the agent whose call caused them.
extension Obligation {
    static let questions: [Obligation] = [
        Obligation("Q-1", "Elicitation by form: accepted, declined, cancelled") { it in
            let yes = try await it.call("ask", ["message": "who é"])
            it.equal(
                yes.structured?["answer"],
                ["action": "accept", "content": ["name": .string("\(it.agent.name): who é")]],
                "accepted: \(yes.response.raw.prefix(300))")
            for action in ["decline", "cancel"] {
                let no = try await it.call("ask", ["message": .string(action)])
                it.equal(no.structured?.at("answer", "action"), .string(action), "\(no.response.raw.prefix(300))")
            }
        },
        Obligation("Q-2", "Elicitation by URL") { it in
            let reply = try await it.call("ask", ["mode": "url", "key": "q2"])
            it.equal(reply.structured?.at("answer", "action"), "accept", "\(reply.response.raw.prefix(300))")
        },
        Obligation("Q-3", "Sampling") { it in
            let reply = try await it.call("sample", ["message": "hi"])
            it.equal(
                reply.structured?.at("answer", "content", "text"), .string("\(it.agent.name) says: hi"),
                "\(reply.response.raw.prefix(300))")
        },
        Obligation("Q-4", "Sampling with tools") { it in
            let reply = try await it.call("sample", ["message": "hi", "tools": true])
            let content = reply.structured?.at("answer", "content")
            let use = content?.arrayValue?.first ?? content
            it.equal(use?["name"], "look", "\(reply.response.raw.prefix(300))")
            it.equal(use?["input"]?.text, #"{"n":1.0}"#, "input")
        },
        Obligation("Q-5", "Roots, of the agent or from the configuration") { it in
            let reply = try await it.call("roots")
            let roots = reply.structured?.at("answer", "roots")?.arrayValue
            it.expect(roots != nil, "no roots: \(reply.response.raw.prefix(300))")
            if let first = roots?.first { it.equal(first["uri"], .string("file:///\(it.agent.name)"), "the root") }
        },
        Obligation("Q-6", "Several questions at once") { it in
            let reply = try await it.call("several", ["message": "two"])
            for key in ["a", "b"] {
                it.equal(
                    reply.structured?.at("answers", key, "content", "name"), .string("\(it.agent.name): two \(key)"),
                    "\(key): \(reply.response.raw.prefix(300))")
            }
        },
        Obligation("Q-7", "Several rounds") { it in
            let reply = try await it.call("rounds", ["n": 3])
            let names = reply.structured?["rounds"]?.arrayValue?.compactMap { $0.at("content", "name")?.stringValue }
            it.equal(names, (1...3).map { "\(it.agent.name): round \($0)" }, "\(reply.response.raw.prefix(300))")
        },
        Obligation("Q-8", "Questions while a prompt or a resource is read") { it in
            let prompt = try await it.exposed("prompts", "name", "asking")
            let said = try await it.agent.request("prompts/get", ["name": .string(prompt)])
            let text = said.result["messages"]?.arrayValue?.first?.at("content", "text")?.stringValue ?? ""
            it.expect(text.contains("\(it.agent.name): prompt?"), "\(said.response.raw.prefix(300))")
            let uri = try await it.exposed("resources", "uri", "asking")
            let read = try await it.agent.request("resources/read", ["uri": .string(uri)])
            let content = read.result["contents"]?.arrayValue?.first?["text"]?.stringValue ?? ""
            it.expect(content.contains("\(it.agent.name): resource?"), "\(read.response.raw.prefix(300))")
        },
        Obligation("Q-9", "An agent that cannot be asked is not asked") { it in
            let mute = try await it.another("Q-9", capabilities: [:])
            let reply = try await mute.call(it.name("ask"), ["message": "mute"], AgentOptions(rounds: false))
            it.expect(reply.messages.filter { $0.id != nil }.isEmpty, "a question: \(reply.messages.map(\.raw))")
            it.expect(
                reply.result["resultType"] != "input_required", "input_required: \(reply.response.raw.prefix(300))")
            let refused =
                reply.error != nil || reply.result["isError"] == true
                || reply.structured?.at("answer", "error") != nil
            it.expect(refused, "no refusal: \(reply.response.raw.prefix(300))")
            await mute.close()
        },
        Obligation(
            "Q-10", "Two agents at once: each gets its own question",
            Lanes.when { $0.back == .http || $0.backend == .modern }
        ) { it in
            let other = try await it.another("Q-10")
            async let one = it.call("ask", ["message": "mine"])
            async let two = other.call(it.name("ask"), ["message": "theirs"])
            let (mine, theirs) = try await (one, two)
            it.equal(mine.structured?.at("answer", "content", "name"), .string("\(it.agent.name): mine"), "one")
            it.equal(theirs.structured?.at("answer", "content", "name"), .string("\(other.name): theirs"), "the other")
            await other.close()
        },
        Obligation(
            "Q-11", "Two agents at once on a pipe that does not say whose question it is: nobody else's is shown",
            { lane in
                guard lane.backend == .legacy, lane.back == .stdio else { return .irrelevant }
                return .applies
            }
        ) { it in
            let other = try await it.another("Q-11")
            async let busy = other.call(it.name("slow"), ["ms": 600, "key": .string("Q-11 \(it.lane.server)")])
            _ = try await it.line(from: max(0, it.mark - 5)) {
                $0.event == "began" && $0.key == "Q-11 \(it.lane.server)"
            }
            let reply = try await it.call("ask", ["message": "whose"], AgentOptions(time: .seconds(15)))
            let name = reply.structured?.at("answer", "content", "name")
            it.expect(
                name == nil || name == .string("\(it.agent.name): whose"),
                "asked the wrong one: \(reply.response.raw.prefix(300))")
            let quiet = try await busy
            it.expect(quiet.messages.filter { $0.id != nil }.isEmpty, "the other agent was asked")
            await other.close()
        },
        Obligation(
            "Q-12", "A modern agent's state is sealed: not for others, not for other arguments, not altered",
            Lanes.modernAgent, sealed),
    ]

    @Sendable private static func sealed(_ it: Case) async throws {
        let tool = it.name("rounds")
        func call(_ agent: any Agent, _ n: Int, _ state: JSONValue?, _ responses: JSONValue?) async throws -> Reply {
            var params: JSONValue = ["name": .string(tool), "arguments": ["n": .number("\(n)")]]
            if let state { params = params.with("requestState", state) }
            if let responses { params = params.with("inputResponses", responses) }
            return try await agent.request("tools/call", params, AgentOptions(rounds: false))
        }
        let first = try await call(it.agent, 2, nil, nil)
        it.equal(first.result["resultType"], "input_required", "the first answer: \(first.response.raw.prefix(300))")
        let state = try it.require(
            first.result["requestState"]?.stringValue, "no state: \(first.response.raw.prefix(300))")
        let asked = first.result["inputRequests"]?.objectValue?.members ?? []
        it.equal(asked.count, 1, "questions")
        let key = asked.first?.key ?? "q"
        it.equal(asked.first?.value["method"], "elicitation/create", "the question")
        it.expect(!state.contains("\"step\""), "the backend's state is visible")
        let responses: JSONValue = .object(JSONObject([(key, ["action": "accept", "content": ["name": "N"]])]))
        let other = try await it.another("Q-12")
        let stolen = try await call(other, 2, .string(state), responses)
        it.equal(stolen.code, -32602, "another agent: \(stolen.response.raw.prefix(300))")
        await other.close()
        let moved = try await call(it.agent, 3, .string(state), responses)
        it.equal(moved.code, -32602, "other arguments: \(moved.response.raw.prefix(300))")
        var bytes = Array(state.utf8)
        bytes[bytes.count / 2] = bytes[bytes.count / 2] == 0x41 ? 0x42 : 0x41
        let altered = try await call(it.agent, 2, .string(String(decoding: bytes, as: UTF8.self)), responses)
        it.equal(altered.code, -32602, "altered: \(altered.response.raw.prefix(300))")
        let second = try await call(it.agent, 2, .string(state), responses)
        it.equal(second.result["resultType"], "input_required", "the second round: \(second.response.raw.prefix(300))")
        if it.lane.backend == .legacy {
            let again = try await call(it.agent, 2, .string(state), responses)
            it.equal(again.code, -32602, "used again: \(again.response.raw.prefix(300))")
        }
        let last = second.result["inputRequests"]?.objectValue?.members.first?.key ?? "q"
        let end = try await call(
            it.agent, 2, second.result["requestState"],
            .object(JSONObject([(last, ["action": "accept", "content": ["name": "M"]])])))
        it.equal(end.structured?["rounds"]?.arrayValue?.count, 2, "the end: \(end.response.raw.prefix(300))")
    }
}
