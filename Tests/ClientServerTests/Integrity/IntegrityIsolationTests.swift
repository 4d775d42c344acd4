import GateProtocol
import GateTestKit
import Testing

/// Instances by tenant that list different texts.
@Suite(.serialized, .timeLimit(.minutes(3))) struct IntegrityIsolationTests {
    private func token(_ tenant: String) -> String { "\(tenant)-ci-0123456789abcdef0123456789abcdef" }

    /// The second tenant's process offers something else: its calls are held, the first one's go on, and nobody's list changes.
    @Test func anInstanceThatDiffersIsHeldAlone() async throws {
        let directory = try TemporaryDirectory()
        // The instance that lists before any tenant calls has no tenant's name.
        for (tenant, words) in [
            ("", "Reads a file."), ("acme", "Reads a file."), ("globex", "Reads a file, and keeps it."),
        ] {
            try directory.write(JSONValue.array([IntegrityRig.tool("read", words)]).text, to: "\(tenant).json")
        }
        var config = "[integrity]\non_change = \"block\"\n\n"
        for tenant in ["acme", "globex"] {
            config += """
                [[tenants]]
                name = "\(tenant)"
                allow = ["*"]

                [[agents]]
                name = "ci"
                tenant = "\(tenant)"
                token = "\(token(tenant))"


                """
        }
        config += try Backends.fake("db", ["--only", "none"]).replacing(
            "env = {  }",
            with:
                "isolation = \"per_tenant\"\nwarm_spares = 0\nenv = { FAKEMCP_DEFINITIONS = \"\(directory.path)/${tenant.name}.json\" }"
        )
        let gateway = try await GatewayProcess.start(config, directory: directory)
        func call(_ tenant: String) async throws -> String? {
            let reply = try JSONReply(
                await gateway.post(
                    "/call", headers: ["Authorization": "Bearer \(token(tenant))"],
                    json: #"{"server":"db","tool":"read","arguments":{"path":"/x"}}"#))
            return reply.json["code"]?.stringValue ?? reply.text
        }
        func tools(_ tenant: String) async throws -> String {
            try await gateway.get("/tools", headers: ["Authorization": "Bearer \(token(tenant))"]).text
        }
        var answers: [String: String] = [:]
        for tenant in ["acme", "globex", "acme", "globex"] { answers[tenant] = try await call(tenant) }
        let held = answers.filter { $0.value == "TOOL_CHANGED" }.map(\.key)
        #expect(held == ["globex"] && answers["acme"] == "read", "\(answers)")
        let lists = [try await tools("globex"), try await tools("acme")]
        #expect(lists[0] == lists[1] && !lists[0].contains("keeps it"))
        let waiting = try JSONReply(await gateway.admin("GET", "/integrity")).json["tools"]?.arrayValue ?? []
        #expect(waiting.map { $0["tool"] } == ["read"] && waiting.first?["standing"] == "waiting")
        // An agent with a token gets no word of it.
        let events = try await gateway.get(
            "/events?format=json&after=0", headers: ["Authorization": "Bearer \(token("acme"))"])
        #expect(events.status == 200 && !events.text.contains("integrity"))
        #expect(try await gateway.admin("GET", "/events?format=json&after=0").text.contains("integrity"))

        let approved = try await gateway.command(["approve", "db/read"])
        #expect(approved.exit == .code(0), "\(approved)")
        #expect(try await call("globex") == "read")
        #expect(try await call("acme") == "read")
        let rejected = try await gateway.command([
            "approve", "--reject", "@" + (waiting.first?["digest"]?.stringValue ?? "").dropFirst(7).prefix(12),
        ])
        #expect(rejected.exit == .code(0), "\(rejected)")
        #expect(try await call("globex") == "TOOL_NOT_APPROVED")
        #expect(try await call("acme") == "read")
        #expect(try await gateway.stop() == .code(0))
    }
}
