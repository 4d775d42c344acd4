import GateProtocol
import GateTestKit
import Testing

/// Faults of callers, servers and the operator: what an answer says of them is what its reader may know, and what the log and the audit
/// log keep of them holds no secret.
@Suite(.serialized) struct InducedFaultTests {
    /// Beside the servers of ``SecretRig``.
    private func servers() async throws -> (configuration: String, running: [FakeMCP]) {
        var running: [FakeMCP] = []
        var text = "[gateway]\nrequest_timeout = 2000\n\n[limits]\nbody_bytes = 65536\n\n"
        text += "[async]\ncallback_hosts = [\"127.0.0.1\"]\n\n"
        for (name, evil) in [
            ("garbled", "garbage"), ("halved", "half-json"), ("misnumbered", "wrong-id"), ("misencoded", "bad-utf8"),
            ("closing", "close-stdout"), ("deaf", "no-read"),
        ] {
            text += try Backends.fake(name, ["--evil", evil])
        }
        for (name, evil) in [
            ("denying", "http-401"), ("breaking", "http-500"), ("redirecting", "http-redirect"),
            ("hangingUp", "http-close"),
        ] {
            let server = try await FakeMCP.http(["--evil", evil])
            running.append(server)
            text += Backends.http(name, "http://127.0.0.1:\(try server.httpPort)/mcp")
        }
        text += try Backends.fake("mortal")
        // What it says of itself on stderr is for its operator.
        text += Backends.stdio(
            "ending", "/bin/sh", ["-c", "echo $SAYS >&2; exit 3"], environment: ["SAYS": SecretRig.canary("stderr")])
        return (text, running)
    }

    @Test func faultsShowNoSecretAndNothingOfTheMachine() async throws {
        let (configuration, running) = try await servers()
        let gateway = try await SecretRig.start(configuration)
        try await gateway.running(["garbled", "closing", "deaf", "mortal", "breaking"])
        let token = try #require(gateway.adminToken)
        let hello = try await gateway.post("/mcp", headers: SecretRig.agent, json: FakeMCP.initialize)
        let session = [
            "Mcp-Session-Id": try #require(hello["Mcp-Session-Id"]), "MCP-Protocol-Version": "2025-11-25",
        ]
        let faults =
            InducedFault.ofServers + InducedFault.ofREST + InducedFault.ofOperators + InducedFault.ofMCP(session)
        #expect(faults.count >= 50)
        let sweep = Sweep()
        // What a reader could learn of the machine: where things lie, and which processes there are.
        let machine = [
            gateway.directory.path, Products.directory, "/nonexistent", "/bin/sh", ".swift", "Fatal error", "0x0",
            "\"pid\"",
        ]
        for fault in faults {
            let reply = try await fault.send(to: gateway, token: token)
            let isFault =
                reply.status >= 400 || reply.text.contains("\"isError\":true") || reply.text.contains("\"error\"")
                || reply.text.contains("\"is_error\":true")
            #expect(isFault, "\(fault.name): \(reply.status) \(reply.text.prefix(300))")
            sweep.add("head of \(fault.name)", reply.headers.map { "\($0.name): \($0.value)" }.joined(separator: "\n"))
            sweep.add(fault.name, reply.text)
            guard !fault.isOperators else { continue }
            for detail in machine {
                #expect(!reply.text.contains(detail), "\(detail) in \(fault.name): \(reply.text.prefix(400))")
            }
        }
        // A configuration that is wrong at the very place of a secret.
        try gateway.rewriteConfig(
            "[[backends]]\nname = \"x\"\nurl = \"http://h/\"\nheaders = { \"a b\" = \"\(InducedFault.secret)\" }\n"
                + "[[agents]]\nname = \"y\"\ntoken = \"\(InducedFault.secret.prefix(20))\"\n"
                + "[gateway]\nrequest_timeout = \"\(InducedFault.secret)\"\n")
        let reload = try await gateway.admin("POST", "/gateway/reload", json: "{}")
        #expect(reload.status == 422 || reload.status == 400, "\(reload.text)")
        sweep.add("a wrong configuration", reload.text)

        let secrets = try gateway.secrets(["refused", "stderr"])
        try await gateway.stop()
        let log = gateway.program.errors.all
        // A server's own words on stderr go to its operator's log.
        sweep.add("log", log.filter { !$0.contains("stderr") }.joined(separator: "\n"))
        let kept = sweep.addFiles(of: gateway)
        #expect(kept.contains { $0.contains("audit") } && kept.contains { $0.hasSuffix("log.db") }, "\(kept)")
        sweep.expectNone(of: secrets)
        print("induced faults: \(faults.count + 1), places looked at: \(sweep.places)")
        for server in running { _ = try await server.program.stop() }
    }
}
