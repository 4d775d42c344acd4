import GateProtocol
import GateTestKit
import Testing

/// Secrets are put wherever the gateway takes some; afterwards they are looked for wherever it shows or keeps something.
@Suite(.serialized) struct SecretCanaryTests {
    @Test func noSecretIsShownOrKept() async throws {
        let gateway = try await SecretRig.start()
        let authorization = SecretRig.agent
        let sweep = Sweep()

        // The call itself gives the text back: it is the agent's own.
        let call: JSONValue = [
            "server": "fake", "tool": "echo", "arguments": ["text": .string(SecretRig.canary("call"))],
        ]
        let answered = try await gateway.post("/call", headers: authorization, json: call.text)
        #expect(answered.text.contains(SecretRig.canary("call")))
        let id = try #require(try JSONReply(answered).json["correlation_id"]?.stringValue)

        // Faults: answers that must not repeat what they were given, nor tell what is configured.
        let secret = JSONValue.string(SecretRig.canary("refused"))
        let faults: [JSONValue] = [
            ["server": "fake", "tool": "echo", "arguments": ["text": [secret]]],
            ["server": "fake", "tool": "nothing", "arguments": ["text": secret]],
            ["server": "gone", "tool": "x", "arguments": ["text": secret]],
            ["server": "far", "tool": "x", "arguments": ["text": secret]],
        ]
        for fault in faults {
            let reply = try await gateway.post("/call", headers: authorization, json: fault.text)
            sweep.add("call \(fault["server"]?.text ?? "")", reply.text)
        }
        let wrong = ["Authorization": "Bearer \(SecretRig.canary("credential"))"]
        sweep.add("wrong token", try await gateway.post("/call", headers: wrong, json: call.text).text)

        // Every route that reads, from the interface's own description, as the operator and as the agent.
        let paths = try await gateway.json("/openapi.json")["paths"]?.objectValue
        let routes = try #require(paths).members
        var answeredRoutes: [String] = []
        for entry in routes where entry.value["get"] != nil && !entry.key.hasSuffix("{id}/events") {
            // Without the form it is a stream without end.
            let route = entry.key == "/events" ? "/events?format=json&after=0" : entry.key
            let path = route.replacing("{id}", with: id)
                .replacing("{server}", with: "fake").replacing("{tool}", with: "echo")
            let reply = try await gateway.admin("GET", path)
            if reply.status == 200 { answeredRoutes.append(entry.key) }
            sweep.add("GET \(path)", reply.text)
            sweep.add("GET \(path) of the agent", try await gateway.get(path, headers: authorization).text)
        }
        #expect(answeredRoutes.count >= 14, "\(answeredRoutes) of \(routes.map(\.key))")

        let secrets = try gateway.secrets(["call", "refused", "credential"])
        _ = try await gateway.stop()
        sweep.addOutput(of: gateway)
        let kept = sweep.addFiles(of: gateway)
        #expect(kept.count >= 5, "\(kept)")
        sweep.expectNone(of: secrets)
    }
}
