import Foundation
import GateProtocol
import GateTestKit
import Testing

/// Secrets are put wherever the gateway takes some; afterwards they are looked for wherever it shows or keeps something.
@Suite(.serialized) struct SecretCanaryTests {
    private static let names = [
        "env", "variable", "argument", "header", "user", "query", "missing", "call", "refused", "credential", "tenant",
    ]
    private static func canary(_ name: String) -> String { "canary-\(name)-7f3a9c51e0d24b68" }
    /// Of the form that the configuration asks for.
    private static let agentToken = "agent-token-canary-4d1c9be07a5f4f33a86e"

    private func configuration() throws -> String {
        func canary(_ name: String) -> String { Self.canary(name) }
        return """
            [audit]
            enabled = true

            [[tenants]]
            name = "t"
            allow = ["*"]
            values = { key = "\(canary("tenant"))" }

            [[agents]]
            name = "a"
            tenant = "t"
            token = "\(Self.agentToken)"

            \(Backends.stdio(
                "fake", try Products.path("fakemcp"), ["--name", "fake"],
                environment: ["K": canary("env"), "V": "${CANARY_VARIABLE}"]))
            \(Backends.stdio("gone", "/nonexistent/program", ["--key=${CANARY_ARGUMENT}"], environment: ["K": canary("missing")]))
            [[backends]]
            name = "far"
            url = "http://\(canary("user")):x@127.0.0.1:\(try Sockets.freePort())/mcp?key=\(canary("query"))"
            headers = { X-Key = "\(canary("header"))" }

            """
    }

    @Test func noSecretIsShownOrKept() async throws {
        let gateway = try await GatewayProcess.start(
            try configuration(),
            environment: [
                "PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "CANARY_VARIABLE": Self.canary("variable"),
                "CANARY_ARGUMENT": Self.canary("argument"),
            ])
        try await gateway.running(["fake"])
        try await gateway.log("[gone] server is backing_off")
        try await gateway.log("[far] server is backing_off")
        let authorization = ["Authorization": "Bearer \(Self.agentToken)"]

        // The call itself gives the text back: it is the agent's own.
        let call: JSONValue = [
            "server": "fake", "tool": "echo", "arguments": ["text": .string(Self.canary("call"))],
        ]
        let answered = try await gateway.post("/call", headers: authorization, json: call.text)
        #expect(answered.text.contains(Self.canary("call")))
        let id = try #require(try JSONReply(answered).json["correlation_id"]?.stringValue)

        var shown: [(place: String, text: String)] = []
        // Faults: answers that must not repeat what they were given, nor tell what is configured.
        let secret = JSONValue.string(Self.canary("refused"))
        let faults: [JSONValue] = [
            ["server": "fake", "tool": "echo", "arguments": ["text": [secret]]],
            ["server": "fake", "tool": "nothing", "arguments": ["text": secret]],
            ["server": "gone", "tool": "x", "arguments": ["text": secret]],
            ["server": "far", "tool": "x", "arguments": ["text": secret]],
        ]
        for fault in faults {
            let reply = try await gateway.post("/call", headers: authorization, json: fault.text)
            shown.append(("call \(fault["server"]?.text ?? "")", reply.text))
        }
        let wrong = ["Authorization": "Bearer \(Self.canary("credential"))"]
        shown.append(("wrong token", try await gateway.post("/call", headers: wrong, json: call.text).text))

        // Every route that reads, from the interface's own description, as the operator and as the agent.
        let paths = try await gateway.json("/openapi.json")["paths"]?.objectValue
        let routes = try #require(paths).members
        var answeredRoutes: [String] = []
        for entry in routes where entry.value["get"] != nil && !entry.key.hasSuffix("{id}/events") {
            // Without the form it is a stream without end.
            let route = entry.key == "/events" ? "/events?format=json&after=0" : entry.key
            let path = route.replacingOccurrences(of: "{id}", with: id)
                .replacingOccurrences(of: "{server}", with: "fake").replacingOccurrences(of: "{tool}", with: "echo")
            let reply = try await gateway.admin("GET", path)
            if reply.status == 200 { answeredRoutes.append(entry.key) }
            shown.append(("GET \(path)", reply.text))
            shown.append(("GET \(path) of the agent", try await gateway.get(path, headers: authorization).text))
        }
        #expect(answeredRoutes.count >= 14, "\(answeredRoutes) of \(routes.map(\.key))")

        let adminToken = try #require(gateway.adminToken)
        _ = try await gateway.stop()
        shown.append(("stderr", gateway.program.errors.all.joined(separator: "\n")))
        shown.append(("stdout", gateway.program.output.all.joined(separator: "\n")))
        let files = FileManager.default.enumerator(atPath: gateway.dataDirectory)?.allObjects ?? []
        var kept: [String] = []
        for case let file as String in files where file != "admin.token" {
            let content = FileManager.default.contents(atPath: "\(gateway.dataDirectory)/\(file)") ?? Data()
            if !content.isEmpty { kept.append(file) }
            shown.append(("file \(file)", String(decoding: content, as: UTF8.self)))
        }
        #expect(kept.count >= 5, "\(kept)")

        for (place, text) in shown {
            for secret in Self.names.map(Self.canary) + [Self.agentToken, adminToken] {
                #expect(!text.contains(secret), "\(secret) in \(place)")
            }
        }
    }
}
