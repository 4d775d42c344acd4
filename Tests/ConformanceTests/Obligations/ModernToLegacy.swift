import GateProtocol
import GateTestKit

/// The lines of the table for a modern agent and a legacy backend.
extension Obligation {
    static let modernToLegacy: [Obligation] = [
        Obligation("ML-1", "Handshake: one for the backend, none for each agent", Lanes.modernToLegacy) { it in
            let mark = it.mark
            _ = try await it.call("echo", ["text": "x"])
            let other = try await it.another("ML-1")
            _ = try await other.call(it.name("echo"), ["text": "y"])
            await other.close()
            let lines = try await it.received(since: mark)
            it.equal(lines.filter { $0.method == "initialize" }.count, 0, "handshakes for calls")
        },
        Obligation(
            "ML-2", "Capabilities: what the backend was told is what the gateway can carry", Lanes.modernToLegacy
        ) { it in
            let seen = try await it.call("sees").structured?["capabilities"]
            for own in ["elicitation", "sampling"] { it.expect(seen?[own] != nil, "\(own): \(seen?.text ?? "none")") }
            it.expect(seen?["tasks"] == nil, "tasks")
        },
        Obligation("ML-3", "A plain call: reserved keys stripped, result completed", Lanes.modernToLegacy) { it in
            let mark = it.mark
            let reply = try await it.call("echo", ["text": "ML-3"])
            it.equal(reply.result["resultType"], "complete", "resultType")
            it.expect(reply.result.at("_meta", Wire.prefix + "serverInfo") != nil, "serverInfo")
            let line = try await it.line(from: mark) { $0.method == "tools/call" }
            it.expect(!line.raw.contains(Wire.prefix), "reserved keys: \(line.raw)")
        },
        Obligation("ML-4", "The error -32042 becomes a question, and the call is made again", Lanes.modernToLegacy) {
            it in
            let key: JSONValue = .string("ML-4 \(it.lane.server)")
            let first = try await it.call("url_needed", ["key": key], AgentOptions(rounds: false))
            it.equal(first.result["resultType"], "input_required", "\(first.response.raw.prefix(300))")
            let asked = first.result["inputRequests"]?.objectValue?.members.first?.value.at("params")
            it.equal(asked?["mode"], "url", "mode")
            it.expect(asked?["elicitationId"] == nil, "elicitationId")
            let whole = try await it.call("url_needed", ["key": .string("ML-4b \(it.lane.server)")])
            it.equal(whole.text, "opened", "\(whole.response.raw.prefix(300))")
        },
        Obligation("ML-5", "Elicitation by URL: without `elicitationId`", Lanes.modernToLegacy) { it in
            let first = try await it.call("ask", ["mode": "url", "key": "k"], AgentOptions(rounds: false))
            try await it.decline("ask", ["mode": "url", "key": "k"], first)
            let asked = first.result["inputRequests"]?.objectValue?.members.first?.value.at("params")
            it.equal(asked?["url"], "https://example.com/consent?x=1", "\(first.response.raw.prefix(300))")
            it.expect(asked?["elicitationId"] == nil, "elicitationId")
        },
        Obligation("ML-6", "Several questions are gathered into one round", Lanes.modernToLegacy) { it in
            let first = try await it.call("several", ["message": "m"], AgentOptions(rounds: false))
            it.equal(first.result["inputRequests"]?.keys.count, 2, "\(first.response.raw.prefix(300))")
            try await it.decline("several", ["message": "m"], first)
        },
        Obligation("ML-7", "Progress after a question goes to the token of the next round", Lanes.modernToLegacy) {
            it in
            let first = try await it.call(
                "asked_progress", [:], AgentOptions(meta: [("progressToken", "one")], rounds: false))
            it.equal(first.notices("notifications/progress").map { $0.params["progressToken"] }, ["one"], "before")
            var params: JSONValue = ["name": .string(it.name("asked_progress")), "arguments": [:]]
            params = params.with("requestState", first.result["requestState"] ?? .null)
            let key = first.result["inputRequests"]?.keys.first ?? ""
            params = params.with("inputResponses", .object(JSONObject([(key, ["action": "decline"])])))
            let next = try await it.agent.request(
                "tools/call", params, AgentOptions(meta: [("progressToken", "two")], rounds: false))
            it.equal(next.notices("notifications/progress").map { $0.params["progressToken"] }, ["two"], "after")
            it.equal(next.text, "done", "\(next.response.raw.prefix(300))")
        },
        Obligation("ML-8", "Cancel: a notice with the backend's own id", Lanes.modernToLegacy) { it in
            if it.http != nil { try await closedStream(it) } else { try await cancels(it) }
        },
        Obligation("ML-9", "Log level: raised for those who ask, filtered for each", Lanes.modernToLegacy) { it in
            let quiet = try await it.call("log", [:])
            it.equal(quiet.notices("notifications/message").count, 0, "without a level")
            for (level, count) in [("debug", 8), ("emergency", 1)] {
                let reply = try await it.call(
                    "log", [:], AgentOptions(meta: [(Wire.prefix + "logLevel", .string(level))]))
                it.equal(reply.notices("notifications/message").count, count, level)
            }
        },
        Obligation("ML-10", "`resources/subscribe` is counted: made once, undone at zero", Lanes.modernToLegacy) { it in
            let uri = try await it.exposed("resources", "uri", "text")
            let mark = it.mark
            let other = try await it.another("ML-10")
            let one = try await it.agent.listen(["resourceSubscriptions": [.string(uri)]], id: "a")
            _ = try await one.next("notifications/subscriptions/acknowledged")
            let two = try await other.listen(["resourceSubscriptions": [.string(uri)]], id: "b")
            _ = try await two.next("notifications/subscriptions/acknowledged")
            _ = try await it.line(from: mark) { $0.method == "resources/subscribe" }
            _ = try await it.call("touch", ["uri": .string(it.uri("text"))])
            for listening in [one, two] {
                let notice = try await listening.next("notifications/resources/updated")
                it.equal(notice.params["uri"], .string(uri), "the URI")
            }
            await one.close()
            let middle = try await it.received(since: mark)
            it.equal(middle.filter { $0.method == "resources/subscribe" }.count, 1, "subscriptions")
            it.equal(middle.filter { $0.method == "resources/unsubscribe" }.count, 0, "too early")
            await two.close()
            _ = try await it.line(from: mark) { $0.method == "resources/unsubscribe" }
            await other.close()
        },
        Obligation(
            "ML-11", "Errors: -32002 becomes -32602 with the URI, private codes become -32603", Lanes.modernToLegacy
        ) { it in
            let uri = try await it.exposed("resources", "uri", "text").replacing("text", with: "none")
            let missing = try await it.agent.request("resources/read", ["uri": .string(uri)])
            it.equal(missing.code, -32602, "not found: \(missing.response.raw.prefix(300))")
            it.equal(missing.error?.at("data", "uri"), .string(uri), "data.uri")
            let reply = try await it.call("error", ["code": -32002, "text": "x"])
            it.expect(reply.code != -32002, "-32002: \(reply.response.raw.prefix(300))")
            let own = try await it.call("error", ["code": -32010, "text": "x", "data": ["a": 1]])
            it.expect(
                own.code == nil || !(-32099 ... -32000).contains(own.code ?? 0),
                "-32010: \(own.response.raw.prefix(300))")
        },
        Obligation("ML-12", "A tool that runs as a task only gives a plain result", Lanes.modernToLegacy, flattensTask),
        Obligation(
            "ML-13", "A question outside any call is answered from the configuration or refused",
            Lanes.when { $0.backend == .legacy }
        ) { it in
            let key = "ML-13 \(it.lane.server)"
            let mark = it.mark
            let reply = try await it.call("outside", ["key": .string(key)])
            it.equal(reply.text, "later", "the call")
            let line = try await it.line(from: mark) { $0.event == "outside" && $0.key == key }
            let answer = line.json["answer"]
            it.expect(
                answer?["error"] != nil || answer?.at("result", "roots") != nil, "the answer: \(answer?.text ?? "")")
        },
    ]

    @Sendable static func cancels(_ it: Case) async throws {
        let key = "cancel \(it.lane.server)"
        let mark = it.mark
        let id: JSONValue = .string(key)
        let started = it.agent
        let tool = it.name("hang")
        let call = Task {
            try await started.call(tool, ["key": id], AgentOptions(id: id, time: .seconds(4)))
        }
        let began = try await it.line(from: mark) { $0.event == "began" && $0.key == key }
        try await it.agent.notify("notifications/cancelled", ["requestId": id, "reason": "enough"])
        _ = try await it.line(from: mark) { $0.event == "cancelled" && $0.key == key }
        _ = began
        call.cancel()
        let sent = try await it.line(from: mark) {
            $0.method == "tools/call" && $0.message.at("params", "arguments", "key") == id
        }
        guard it.lane.backend == .legacy || it.lane.back == .stdio else { return }
        let notice = try await it.line(from: mark) { $0.method == "notifications/cancelled" }
        it.equal(notice.message.at("params", "requestId"), sent.message["id"], "the id in the notice")
    }

    @Sendable static func flattensTask(_ it: Case) async throws {
        let mark = it.mark
        let key: JSONValue = .string("task \(it.lane.server)")
        let reply = try await it.call("tasked", ["key": key])
        it.equal(reply.text, "task of task \(it.lane.server)", "\(reply.response.raw.prefix(300))")
        it.expect(reply.result["task"] == nil && reply.result["resultType"] != "task", "a task reached the agent")
        let methods = try await it.received(since: mark).compactMap(\.method)
        it.expect(methods.contains("tasks/result"), "tasks/result was not asked: \(methods)")
    }
}

extension Case {
    /// Ends a call that waits for answers: while it is open, nobody can know whose a question on the same pipe is.
    func decline(_ tool: String, _ arguments: JSONValue, _ first: Reply) async throws {
        let keys = first.result["inputRequests"]?.keys ?? []
        let answers = JSONObject(keys.map { ($0, ["action": "decline"]) })
        let params: JSONValue = ["name": .string(name(tool)), "arguments": arguments]
        _ = try await agent.request(
            "tools/call",
            params.with("inputResponses", .object(answers)).with(
                "requestState", first.result["requestState"] ?? .null), AgentOptions(rounds: false))
    }
}
