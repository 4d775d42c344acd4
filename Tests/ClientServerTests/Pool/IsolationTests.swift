import GateProtocol
import GateTestKit
import Testing

/// Who shares a backend's process with whom.
@Suite(.serialized) struct IsolationTests {
    /// The scripted server with more keys of its own.
    static func fake(_ name: String, _ keys: String) throws -> String {
        try Backends.fake(name).replacing("env = {  }", with: "env = {}\n" + keys)
    }

    // MARK: For each agent

    @Test func eachAgentHasItsOwnProcessAndNobodySeesAnothersState() async throws {
        let gateway = try await GatewayProcess.start(
            Self.fake("own", "isolation = \"per_agent\"\nmax_instances = 3\nwarm_spares = 1"))
        try await gateway.log("instance=1", within: .seconds(30))
        let ann = try await gateway.pid("own", agent: "ann"), bob = try await gateway.pid("own", agent: "bob")
        #expect(ann != bob)
        _ = try await gateway.call("own", "put", ["key": "k", "value": "ann's"], agent: "ann")
        #expect(try await gateway.call("own", "get", ["key": "k"], agent: "ann").text == "ann's")
        #expect(try await gateway.call("own", "get", ["key": "k"], agent: "bob").text == "")
        #expect(try await gateway.pid("own", agent: "ann") == ann)

        let server = try await gateway.server("own")
        let instances = server["instances"]?.arrayValue ?? []
        let owners = instances.compactMap { $0["owner"]?.stringValue }
        #expect(owners.sorted() == ["agent ann", "agent bob"])
        // The third is the spare.
        #expect(instances.count == 3)
        #expect(server["status"] == "running")

        let cat = try await gateway.pid("own", agent: "cat")
        #expect(![ann, bob].contains(cat))
        let refused = try await gateway.call("own", "whoami", agent: "dan")
        #expect(refused.status == 503)
        #expect(refused.json["code"] == "OVERLOADED")
        #expect(refused.json["sent"] == false)
        #expect(refused.json["error"]?.stringValue?.contains("max_instances") == true)
        #expect(try await gateway.stop() == .code(0))
        for pid in [ann, bob, cat] { #expect(try await Processes.gone(pid)) }
    }

    @Test func aCrashOfOneAgentsProcessIsNoConcernOfTheOthers() async throws {
        let gateway = try await GatewayProcess.start(
            Self.fake("own", "isolation = \"per_agent\"\nwarm_spares = 0\ncircuit_breaker = { failure_threshold = 1 }"))
        let bob = try await gateway.pid("own", agent: "bob")
        let ann = try await gateway.pid("own", agent: "ann")
        let crashed = try await gateway.call("own", "crash", agent: "ann")
        #expect(crashed.json["code"] == "BACKEND_DIED")
        #expect(try await gateway.pid("own", agent: "bob") == bob)
        #expect(try await Processes.gone(ann))
        #expect(try await gateway.stop() == .code(0))
    }

    @Test func idleInstancesEndAndTheirAgentGetsANewOne() async throws {
        let gateway = try await GatewayProcess.start(
            Self.fake("own", "isolation = \"per_agent\"\nwarm_spares = 0\nidle_timeout = 1"))
        let first = try await gateway.pid("own", agent: "ann")
        // A call longer than the idle time keeps its instance.
        #expect(try await gateway.call("own", "sleep", ["ms": 2_500], agent: "ann").text == "slept 2500 ms")
        #expect(try await gateway.pid("own", agent: "ann") == first)
        #expect(try await Processes.gone(first, within: .seconds(15)))
        let server = try await gateway.server("own")
        #expect(server["instances"] == [])
        #expect(server["status"] == "stopped")
        #expect(server["advice"] == "Nothing to do: the next call starts it.")
        #expect(try await gateway.json("/health")["status"] == "ok")
        #expect(try await gateway.pid("own", agent: "ann") != first)
        #expect(try await gateway.stop() == .code(0))
    }

    // MARK: For each session

    @Test func eachSessionHasItsOwnProcessWhichEndsWithIt() async throws {
        let gateway = try await GatewayProcess.start(Self.fake("own", "isolation = \"per_session\"\nwarm_spares = 0"))
        let name = try #require(try await gateway.nameOnceListed("own/whoami"))
        let one = try await gateway.openSession(), two = try await gateway.openSession()
        func pid(_ session: [String: String]) async throws -> Int {
            let reply = try await gateway.post("/mcp", headers: session, json: MCPMessage.legacyCall(name)).answer()
            return try #require(reply.json["result"]?["structuredContent"]?["pid"]?.intValue)
        }
        let first = try await pid(one), second = try await pid(two)
        #expect(first != second)
        #expect(try await pid(one) == first)
        let named = try await gateway.call("own", "whoami", headers: ["X-Stonegate-Session": "s1"])
        let other = try await gateway.call("own", "whoami", headers: ["X-Stonegate-Session": "s2"])
        #expect(named.pid != nil && other.pid != nil && named.pid != other.pid)

        let deleted = try await HTTP.send("DELETE", port: gateway.port, "/mcp", headers: one)
        #expect(deleted.status == 200)
        #expect(try await Processes.gone(first))
        #expect(try await pid(two) == second)
        #expect(try await gateway.stop() == .code(0))
    }

    // MARK: Shared

    @Test func sharedInstancesTakeTheLeastBusy() async throws {
        let gateway = try await GatewayProcess.start(Self.fake("pool", "instances = 3"))
        for id in 1...3 { try await gateway.log("[pool] server is running: ready instance=\(id)") }
        let pids = try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<3 {
                group.addTask { _ = try await gateway.call("pool", "sleep", ["ms": 1_500]) }
            }
            var busy: [Int] = []
            while busy.count < 3 {
                let parts = try await gateway.server("pool")["instances"]?.arrayValue ?? []
                busy = parts.filter { $0["in_flight"] == 1 }.compactMap { $0["pid"]?.intValue }
            }
            try await group.waitForAll()
            return busy
        }
        #expect(Set(pids).count == 3)
        // One that dies is no concern of calls to the others.
        let start = gateway.logged
        #expect(Processes.kill(pids[0]))
        try await gateway.log("[pool] the connection ended", from: start)
        for _ in 0..<20 { #expect(try await gateway.call("pool", "echo", ["text": "x"]).text == "x") }
        #expect(try await gateway.server("pool")["total_calls"] == 23)
        #expect(try await gateway.stop() == .code(0))
    }

    // MARK: Lazy

    @Test func aLazyServerStartsWithItsFirstCallAndSleepsWhenIdle() async throws {
        let config = try Self.fake("lazy", "start = \"lazy\"\nidle_timeout = 1")
        let directory = try TemporaryDirectory()
        var gateway = try await GatewayProcess.start(config, directory: directory)
        // Its tools are not known yet: it is started once to tell them.
        #expect(try await gateway.nameOnceListed("lazy/echo") != nil)
        try await gateway.log("[lazy] server is stopped: idle", within: .seconds(15))
        #expect(try await gateway.stop() == .code(0))

        gateway = try await GatewayProcess.start(config, directory: directory)
        #expect(try await gateway.names()["lazy/echo"] != nil)
        #expect(try await gateway.server("lazy")["status"] == "stopped")
        #expect(try await gateway.json("/health")["status"] == "ok")
        let first = try #require(try await gateway.call("lazy", "whoami").pid)
        #expect(try await Processes.gone(first, within: .seconds(15)))
        let second = try #require(try await gateway.call("lazy", "whoami").pid)
        #expect(first != second)
        // Over several times of falling asleep, none of the calls that come just then is lost.
        let start = gateway.logged
        let port = gateway.port
        let failures = try await withThrowingTaskGroup(of: Int.self) { group in
            for pause in [980, 1_000, 1_020] {
                group.addTask {
                    var failures = 0
                    for _ in 0..<4 {
                        let body = #"{"server":"lazy","tool":"sleep","arguments":{"ms":1}}"#
                        failures += try await HTTP.post(port: port, "/call", json: body).status == 200 ? 0 : 1
                        let wait = try Program("/bin/sleep", ["\(Double(pause) / 1_000)"])
                        _ = try await wait.exit(within: .seconds(5))
                    }
                    return failures
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(failures == 0)
        try await gateway.log("[lazy] server is stopped: idle", from: start, within: .seconds(15))
        #expect(try await gateway.stop() == .code(0))
    }

    @Test func aServerThatTheOperatorStoppedStaysSo() async throws {
        let gateway = try await GatewayProcess.start(Self.fake("own", "isolation = \"per_agent\"\nwarm_spares = 0"))
        let pid = try await gateway.pid("own", agent: "ann")
        #expect(try await gateway.admin("POST", "/server/stop", json: #"{"name":"own"}"#).status == 200)
        #expect(try await Processes.gone(pid))
        let refused = try await gateway.call("own", "whoami", agent: "ann")
        #expect(refused.json["code"] == "BACKEND_DOWN")
        #expect(refused.json["sent"] == false)
        #expect(try await gateway.admin("POST", "/server/start", json: #"{"name":"own"}"#).status == 200)
        #expect(try await gateway.pid("own", agent: "ann") != pid)
        #expect(try await gateway.stop() == .code(0))
    }
}

extension JSONReply {
    /// Which process answered `whoami`.
    fileprivate var pid: Int? { json["result"]?["structuredContent"]?["pid"]?.intValue }
}

extension GatewayProcess {
    fileprivate func call(
        _ server: String, _ tool: String, _ arguments: JSONValue = [:], headers: [String: String]
    ) async throws -> JSONReply {
        let body: JSONValue = ["server": .string(server), "tool": .string(tool), "arguments": arguments]
        return try JSONReply(await post("/call", headers: headers, json: body.text))
    }

    fileprivate func call(
        _ server: String, _ tool: String, _ arguments: JSONValue = [:], agent: String
    ) async throws -> JSONReply {
        try await call(server, tool, arguments, headers: ["X-Stonegate-Agent": agent])
    }

    /// The process behind an agent; the server's tools are waited for.
    fileprivate func pid(_ server: String, agent: String) async throws -> Int {
        _ = try await nameOnceListed("\(server)/whoami")
        let reply = try await call(server, "whoami", agent: agent)
        guard let pid = reply.pid else { throw TestKitError("no pid in \(reply.json.text)") }
        return pid
    }

    /// The name of a tool that its server is about to list.
    fileprivate func nameOnceListed(_ tool: String) async throws -> String? {
        let deadline = ContinuousClock.now + .seconds(30)
        while ContinuousClock.now < deadline {
            if let name = try await names()[tool] { return name }
        }
        return nil
    }
}
