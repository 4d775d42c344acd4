import GateProtocol
import GateTestKit
import Testing

/// A process for each tenant, with the tenant's own credentials.
@Suite(.serialized) struct TenantProcessTests {
    private static let tokens = ["acme/a", "acme/b", "globex/a"].map { name in
        (name: name, token: "\(name)-0123456789abcdef0123456789abcdef")
    }

    private func config(globex: String = "g-secret") throws -> String {
        let agents = Self.tokens.map { name, token in
            let parts = name.split(separator: "/")
            return "[[agents]]\nname = \"\(parts[1])\"\ntenant = \"\(parts[0])\"\ntoken = \"\(token)\"\n\n"
        }
        return """
            [[tenants]]
            name = "acme"
            allow = ["*"]
            values = { KEY = "a-secret" }

            [[tenants]]
            name = "globex"
            allow = ["*"]
            values = { KEY = "\(globex)" }


            """ + agents.joined()
                + (try Backends.fake("db").replacing(
                    "env = {  }",
                    with: """
                        isolation = "per_tenant"
                        env = { DB_USER = "${tenant.name}-user", DB_KEY = "${tenant.KEY}" }
                        """))
    }

    private func call(_ gateway: GatewayProcess, _ agent: String, _ tool: String, _ arguments: String = "{}")
        async throws -> JSONReply
    {
        let token = try #require(Self.tokens.first { $0.name == agent }).token
        return try JSONReply(
            await gateway.post(
                "/call", headers: ["Authorization": "Bearer \(token)"],
                json: #"{"server":"db","tool":"\#(tool)","arguments":\#(arguments)}"#))
    }

    private func pid(_ reply: JSONReply) throws -> String {
        let pid = reply.json["result"]?["structuredContent"]?["pid"]?.intValue
        return "\(try #require(pid, "\(reply.json.text)"))"
    }

    /// The variables that a process was really started with.
    private func environment(_ pid: String) async throws -> [String] {
        let run = try await Program.run("/bin/cat", ["/proc/\(pid)/environ"])
        return run.output.split(separator: "\0").map(String.init).filter { $0.hasPrefix("DB_") }.sorted()
    }

    @Test func eachTenantHasItsOwnProcessAndCredentials() async throws {
        let gateway = try await GatewayProcess.start(config())
        try await gateway.log("[db", within: .seconds(20))
        let pid = try await self.pid(call(gateway, "acme/a", "whoami"))
        #expect(try await self.pid(call(gateway, "acme/b", "whoami")) == pid)
        let other = try await self.pid(call(gateway, "globex/a", "whoami"))
        #expect(other != pid)
        #expect(try await environment(pid) == ["DB_KEY=a-secret", "DB_USER=acme-user"])
        #expect(try await environment(other) == ["DB_KEY=g-secret", "DB_USER=globex-user"])
        _ = try await call(gateway, "acme/a", "put", #"{"key":"k","value":"acme's"}"#)
        #expect(try await call(gateway, "acme/b", "get", #"{"key":"k"}"#).text == "acme's")
        #expect(try await call(gateway, "globex/a", "get", #"{"key":"k"}"#).text == "")
        // The operator belongs to no tenant, and gets nobody's values.
        let own = try JSONReply(
            await gateway.admin("POST", "/call", json: #"{"server":"db","tool":"whoami","arguments":{}}"#))
        #expect(try await environment(self.pid(own)) == ["DB_KEY=", "DB_USER=-user"])
        for secret in ["a-secret", "g-secret"] {
            #expect(try await !gateway.admin("GET", "/config").text.contains(secret))
            #expect(try await !gateway.admin("GET", "/server/list").text.contains(secret))
        }

        // A changed value reaches its tenant's next process.
        let mark = gateway.logged
        try gateway.rewriteConfig(config(globex: "new-secret"))
        try await gateway.log("configuration reloaded", from: mark)
        let fresh = try await self.pid(call(gateway, "globex/a", "whoami"))
        #expect(try await environment(fresh) == ["DB_KEY=new-secret", "DB_USER=globex-user"])
        #expect(try await gateway.stop() == .code(0))
    }
}
