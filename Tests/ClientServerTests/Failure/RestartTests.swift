import GateProtocol
import GateTestKit
import Testing

/// What survives a restart of the gateway.
@Suite(.serialized) struct RestartTests {
    @Test func sessionSurvives() async throws {
        let config = try Backends.fake("one")
        let first = try await GatewayProcess.start(config)
        try await first.running(["one"])
        let session = try await first.openSession()
        let call = MCPMessage.legacyCall("echo", ["text": "hi"], id: "x")
        #expect(try await first.post("/mcp", headers: session, json: call).answer().text == "hi")
        #expect(try await first.stop() == .code(0))

        let second = try await GatewayProcess.start(config, directory: first.directory)
        try await second.running(["one"])
        let reply = try await second.post("/mcp", headers: session, json: call)
        #expect(reply.status == 200)
        #expect(try reply.answer().text == "hi")
        #expect(try await second.stop() == .code(0))
    }

    @Test func sessionOfAnotherGatewayIsRefused() async throws {
        let first = try await GatewayProcess.start()
        let session = try await first.openSession()
        let second = try await GatewayProcess.start()
        let reply = try await second.post(
            "/mcp", headers: session, json: #"{"jsonrpc":"2.0","id":1,"method":"ping"}"#)
        #expect(reply.status == 404)
    }

    @Test func lastKnownCatalogIsServedUntilTheServerIsThere() async throws {
        let directory = try TemporaryDirectory()
        let gate = try await Pipe.gate(directory.file("gate"))
        let script = try directory.write(
            "read go <\"\(gate.path)\"\nexec \"\(Products.path("fakemcp"))\" --name slow\n", to: "server.sh")
        let config = Backends.stdio("slow", "/bin/sh", [script])
        let first = try await GatewayProcess.start(config, directory: directory)
        #expect(try await first.names().isEmpty)
        try await gate.open()
        try await first.running(["slow"])
        let known = try await first.names()
        #expect(known["slow/echo"] == "echo")
        #expect(try await first.server("slow")["catalog_stale"] == nil)
        #expect(try await first.stop() == .code(0))

        let second = try await GatewayProcess.start(config, directory: directory)
        #expect(try await second.names() == known)
        try await second.log("[slow] server is starting")
        let waiting = try await second.server("slow")
        #expect(waiting["status"] == "starting")
        #expect(waiting["catalog_stale"] == true)
        #expect(waiting["tool_count"]?.intValue == known.count)
        try await gate.open()
        try await second.running(["slow"])
        #expect(try await second.server("slow")["catalog_stale"] == nil)
        #expect(try await second.call("slow", "echo", ["text": "there"]).text == "there")
        #expect(try await second.stop() == .code(0))
    }

    @Test func addedServerSurvivesAndRemovedOneDoesNot() async throws {
        let first = try await GatewayProcess.start()
        for name in ["kept", "removed"] {
            let body: JSONValue = [
                "name": .string(name), "command": .string(try Products.path("fakemcp")), "args": ["--prefix", "my_"],
                "env": ["GREETING": "salut"],
            ]
            let open = try await first.post("/server/add", json: body.text)
            #expect(open.status == 401, "without the admin token")
            let added = try await first.admin("POST", "/server/add", json: body.text)
            #expect(added.status == 201, "\(added.text)")
        }
        try await first.running(["kept", "removed"])
        #expect(try await first.admin("POST", "/server/remove", json: #"{"name":"removed"}"#).status == 200)
        #expect(try await first.stop() == .code(0))

        let second = try await GatewayProcess.start(directory: first.directory)
        try await second.running(["kept"])
        let environ = try await second.call("kept", "my_environ")
        #expect(environ.json.text.contains("salut"))
        let list = try await second.json("/server/list")
        #expect(list["total"] == 1)
        #expect(try await second.stop() == .code(0))
    }

    @Test func namesStayWhenACollidingServerComesBefore() async throws {
        let later = try Backends.fake("later")
        let first = try await GatewayProcess.start(later)
        try await first.running(["later"])
        let before = try await first.names()
        #expect(before["later/echo"] == "echo")
        #expect(try await first.stop() == .code(0))

        let second = try await GatewayProcess.start(Backends.fake("earlier") + later, directory: first.directory)
        try await second.running(["earlier", "later"])
        let after = try await second.names()
        #expect(after.filter { $0.key.hasPrefix("later/") } == before)
        #expect(after["earlier/echo"] == "earlier_echo")
        let answer = try await second.post("/call", json: #"{"tool":"whoami"}"#)
        #expect(try JSONReply(answer).json["server"] == "later")
        #expect(try await second.stop() == .code(0))
    }
}
