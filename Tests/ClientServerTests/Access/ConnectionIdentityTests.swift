import GateProtocol
import GateTestKit
import Testing

/// S-13: a connection to a server carries one identity, for as long as it lives.
@Suite(.serialized) struct ConnectionIdentityTests {
    private static let tenants = ["acme", "globex"].map { name in
        (name: name, token: "\(name)-0123456789abcdef0123456789abcdef")
    }

    private func config(_ server: RecordingMCP, second: String) -> String {
        let principals = Self.tenants.map { name, token in
            """
            [[tenants]]
            name = "\(name)"
            allow = ["*"]
            values = { KEY = "\(name)-key" }

            [[agents]]
            name = "a"
            tenant = "\(name)"
            token = "\(token)"


            """
        }
        let backends = [
            ("one", "first-key", ""), ("two", second, ""), ("each", "${tenant.KEY}", "isolation = \"per_tenant\"\n"),
        ]
        return principals.joined()
            + backends.map { name, key, more in
                "[[backends]]\nname = \"\(name)\"\nurl = \"\(server.url)\"\nheaders = { X-Key = \"\(key)\" }\n\(more)\n"
            }.joined()
    }

    @Test func connectionsAreNeverSharedBetweenCredentials() async throws {
        let server = try RecordingMCP()
        let gateway = try await GatewayProcess.start(config(server, second: "second-key"))
        func calls() async throws {
            try await withThrowingTaskGroup(of: String?.self) { group in
                for round in 0..<8 {
                    for (name, token) in Self.tenants {
                        for backend in ["one", "two", "each"] {
                            let text = "\(backend)/\(name)/\(round)"
                            let body = #"{"server":"\#(backend)","tool":"echo","arguments":{"text":"\#(text)"}}"#
                            group.addTask {
                                let reply = try await gateway.post(
                                    "/call", headers: ["Authorization": "Bearer \(token)"], json: body)
                                return try JSONReply(reply).text
                            }
                        }
                    }
                }
                for try await text in group { #expect(text != nil) }
            }
        }
        try await gateway.log("[each", within: .seconds(20))
        try await calls()
        let mark = gateway.logged
        try gateway.rewriteConfig(config(server, second: "third-key"))
        try await gateway.log("configuration reloaded", from: mark)
        try await calls()
        #expect(try await gateway.stop() == .code(0))

        var identities: [Int: Set<String>] = [:]
        for request in server.requests {
            identities[request.connection, default: []].insert(request["x-key"] ?? "none")
        }
        for (connection, keys) in identities { #expect(keys.count == 1, "\(connection): \(keys)") }
        let all = identities.values.reduce(into: Set<String>()) { $0.formUnion($1) }
        // An empty value is the one of those without a tenant.
        #expect(all == ["first-key", "second-key", "third-key", "acme-key", "globex-key", ""])
        for request in server.requests where request.body.contains("tools/call") {
            let parts = request.body.split(separator: "\"text\":\"").last?.split(separator: "/") ?? []
            if parts.first == "each" { #expect(request["x-key"] == "\(parts[1])-key") }
            if parts.first == "one" { #expect(request["x-key"] == "first-key") }
        }
    }
}
