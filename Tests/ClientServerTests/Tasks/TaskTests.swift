import GateProtocol
import GateTestKit
import Testing

/// Tasks from end to end: towards agents of both eras, and those that backends of both eras serve themselves.
@Suite(.timeLimit(.minutes(3)))
struct TaskTests {
    static let backends = ["legacy", "modern"]
    static let links = ["stdio", "http"]

    /// A gateway in front of one backend with the tool `job`.
    private func gateway(
        _ era: String, _ link: String = "stdio", config: String = "",
        _ body: (GatewayProcess, TemporaryDirectory) async throws -> Void
    ) async throws {
        let directory = try TemporaryDirectory()
        let flags = ["--era", era, "--tasks", "--ledger", directory.file("ledger")]
        var server: FakeMCP?
        let backend: String
        if link == "http" {
            let started = try await FakeMCP.http(flags)
            server = started
            backend = Backends.http("b", "http://127.0.0.1:\(try started.httpPort)/mcp")
        } else {
            backend = try Backends.fake("b", flags)
        }
        let gateway = try await GatewayProcess.start(config + backend)
        try await gateway.running(["b"])
        try await body(gateway, directory)
        try await gateway.stop()
        withExtendedLifetime(server) {}
    }

    // MARK: Towards agents

    @Test(arguments: backends)
    func anyToolIsATaskForSessions(era: String) async throws {
        try await gateway(era) { gateway, directory in
            let session = try await gateway.openSession()
            let created = try await gateway.task(session, "sleep", ["ms": 300, "key": "slow"])
            #expect(created["status"] == "working")
            let id = try #require(created["taskId"]?.stringValue)
            let result = try await gateway.rpc(session, "tasks/result", ["taskId": .string(id)])
            #expect(result.text == "slept 300 ms")
            let related = result.json["result"]?["_meta"]?["io.modelcontextprotocol/related-task"]
            #expect(related?["taskId"]?.stringValue == id)
            let state = try await gateway.rpc(session, "tasks/get", ["taskId": .string(id)]).json["result"]
            #expect(state?["status"] == "completed")
            let list = try await gateway.rpc(session, "tasks/list", [:]).json["result"]?["tasks"]?.arrayValue
            #expect(list?.map { $0["taskId"]?.stringValue } == [id])
            #expect((directory.read("ledger") ?? "").split(separator: "\n").count == 1)
        }
    }

    @Test(arguments: backends)
    func aCancelledTaskIsCancelledAtItsServer(era: String) async throws {
        try await gateway(era) { gateway, directory in
            let session = try await gateway.openSession()
            let id = try #require(try await gateway.task(session, "hang", ["key": "h"])["taskId"]?.stringValue)
            try await gateway.carriedOut(1, directory)
            let cancelled = try await gateway.rpc(session, "tasks/cancel", ["taskId": .string(id)])
            #expect(cancelled.json["result"]?["status"] == "cancelled")
            try await gateway.cancelledAtServer("hang")
        }
    }

    @Test func aLongCallBecomesATaskForClientsThatKnowThem() async throws {
        try await gateway("legacy", config: "[async]\ntask_after = 50\n\n") { gateway, _ in
            let created = try await gateway.modern("tools/call", "b_sleep", ["ms": 500], names: gateway.names())
            #expect(created.json["result"]?["resultType"] == "task")
            let id = try #require(created.json["result"]?["taskId"]?.stringValue)
            let done = try await gateway.ended(id)
            #expect(done["status"] == "completed")
            #expect(done["result"]?["content"]?.arrayValue?.first?["text"] == "slept 500 ms")
        }
    }

    @Test(arguments: backends)
    func questionsOfATaskReachASession(era: String) async throws {
        try await gateway(era) { gateway, _ in
            let session = try await gateway.openSession(asking: true)
            let id = try #require(try await gateway.task(session, "ask", ["message": "Sure?"])["taskId"]?.stringValue)
            _ = try await gateway.until(session, id) { $0["status"] == "input_required" }
            let answer = try await gateway.answering(session, task: id, #"{"answer":"yes"}"#)
            #expect(answer["result"]?["content"]?.arrayValue?.first?["text"] == "accept: yes")
        }
    }

    @Test(arguments: backends)
    func questionsOfATaskReachAModernClient(era: String) async throws {
        try await gateway(era) { gateway, _ in
            let created = try await gateway.modern(
                "tools/call", "b_ask", ["message": "Sure?"], names: gateway.names(), meta: [("stonegate/task", true)])
            let id = try #require(created.json["result"]?["taskId"]?.stringValue, "\(created.json.text)")
            let asked = try await gateway.polled(id) { $0["status"] == "input_required" }
            let requests = try #require(asked["inputRequests"]?.objectValue)
            let key = try #require(requests.members.first?.key)
            #expect(requests[key]?["params"]?["message"] == "Sure?")
            let ack = try await gateway.modernTask(
                "tasks/update", id, [("inputResponses", [key: ["action": "accept", "content": ["answer": "no"]]])])
            #expect(ack["result"]?["resultType"] == "complete")
            let done = try await gateway.ended(id)
            #expect(done["result"]?["content"]?.arrayValue?.first?["text"] == "accept: no")
        }
    }

    // MARK: Backends' own tasks

    @Test(arguments: backends, links)
    func aTaskOfAServerIsAPlainResult(era: String, link: String) async throws {
        try await gateway(era, link) { gateway, directory in
            let reply = try await gateway.call("b", "job", ["ms": 150, "key": "plain"])
            #expect(reply.text == "job of plain", "\(reply.json.text)")
            #expect(reply.json.text.contains("job-1") == false)
            let failed = try await gateway.call("b", "job", ["ms": 1, "fail": true])
            #expect(failed.json["code"] == "BACKEND_ERROR", "\(failed.json.text)")
            #expect((directory.read("ledger") ?? "").split(separator: "\n").count == 2)
        }
    }

    @Test(arguments: backends)
    func aTaskOfAServerIsCancelledThere(era: String) async throws {
        try await gateway(era) { gateway, directory in
            let session = try await gateway.openSession()
            let id = try #require(
                try await gateway.task(session, "job", ["ms": 60_000, "key": "stopped"])["taskId"]?.stringValue)
            try await gateway.carriedOut(1, directory)
            _ = try await gateway.rpc(session, "tasks/cancel", ["taskId": .string(id)])
            try await gateway.cancelledAtServer("job")
        }
    }

    @Test func progressOfATaskOfAServerIsSeen() async throws {
        try await gateway("legacy") { gateway, _ in
            let session = try await gateway.openSession()
            let id = try #require(
                try await gateway.task(session, "job", ["ms": 8_000, "steps": 39])["taskId"]?.stringValue)
            let state = try await gateway.until(session, id) {
                $0["statusMessage"]?.stringValue?.contains(" of 39") == true || $0["status"] != "working"
            }
            #expect(state["status"] == "working", "\(state.text)")
            _ = try await gateway.rpc(session, "tasks/cancel", ["taskId": .string(id)])
        }
    }

    @Test(arguments: backends, links)
    func aTaskOfAServerAsksItsCaller(era: String, link: String) async throws {
        try await gateway(era, link) { gateway, _ in
            let session = try await gateway.openSession(asking: true)
            let id = try #require(
                try await gateway.task(session, "job", ["ask": true])["taskId"]?.stringValue)
            _ = try await gateway.until(session, id) { $0["status"] == "input_required" }
            let answer = try await gateway.answering(session, task: id, #"{"answer":"of course"}"#)
            #expect(
                answer["result"]?["content"]?.arrayValue?.first?["text"] == "accept: of course", "\(answer.text)")
        }
    }

    @Test func theListSaysWhatCanBeATask() async throws {
        try await gateway("legacy") { gateway, _ in
            let session = try await gateway.openSession()
            let tools = try await gateway.rpc(session, "tools/list", [:]).json["result"]?["tools"]?.arrayValue ?? []
            func support(_ name: String) -> String? {
                let tool = tools.first { $0["name"]?.stringValue?.hasSuffix(name) == true }
                return tool?["execution"]?["taskSupport"]?.stringValue
            }
            #expect(support("job") == "required")
            #expect(support("sleep") == "optional")
            #expect(support("gate_call") == "optional")
            #expect(support("gate_status") == nil)
        }
    }
}
