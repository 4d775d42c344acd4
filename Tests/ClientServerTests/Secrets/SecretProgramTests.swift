import GateProtocol
import GateTestKit
import Testing

/// What the two commands print, for people and as JSON, in success and failure.
@Suite(.serialized) struct SecretProgramTests {
    @Test func commandsPrintNoSecret() async throws {
        let gateway = try await SecretRig.start()
        let sweep = Sweep()
        let call = #"{"server":"fake","tool":"echo","arguments":{"text":"\#(SecretRig.canary("call"))"}}"#
        let reply = try JSONReply(await gateway.post("/call", headers: SecretRig.agent, json: call))
        let id = try #require(reply.json["correlation_id"]?.stringValue)
        let file = try gateway.directory.write(SecretRig.agentToken, to: "agent.token")
        let wrong = try gateway.directory.write(SecretRig.canary("credential"), to: "wrong.token")
        let environment = [
            "HOME": gateway.directory.path, "PATH": "/usr/bin:/bin", "CANARY_VARIABLE": SecretRig.canary("variable"),
            "CANARY_ARGUMENT": SecretRig.canary("argument"),
        ]
        let config = ["--config", gateway.directory.file("config.toml")]
        let data = ["--data-dir", gateway.dataDirectory]
        let operate = [
            ["status"], ["check"], ["reload"], ["agent", "list"], ["audit", "verify"],
            ["explain-access", "t/a", "fake/echo"], ["explain-access", "t/nobody", "fake/echo"],
        ]
        let ask = [
            ["tools"], ["tools", "fake"], ["tools", "nowhere"], ["discover", "echo"], ["schema", "fake/echo"],
            ["schema", "fake/nothing"], ["servers"], ["health"], ["stats", "--tools", "--agents"], ["log"],
            ["explain", id], ["explain", "nothing"], ["calls"], ["poll", "nothing"], ["cancel", "nothing"],
            ["server", "restart", "nowhere"], ["server", "start", "gone"],
        ]
        var runs: [(name: String, arguments: [String])] = []
        for command in operate {
            runs.append(("stonegate", command + config))
            runs.append(("stonegate", command + ["--json"] + config))
        }
        runs.append(("stonegate", ["audit", "export"] + config))
        for command in ask {
            for who in [data, ["--token-file", file], ["--token-file", wrong]] {
                runs.append(("gatecall", command + ["--url", gateway.baseURL] + who))
                runs.append(("gatecall", command + ["--json", "--url", gateway.baseURL] + who))
            }
        }
        let failing = [["gone/x"], ["far/x"], ["fake/nothing"], ["fake/fail"]]
        for command in failing {
            for form in ["text", "json"] {
                runs.append(
                    (
                        "gatecall",
                        ["call"] + command + ["--output", form, "--url", gateway.baseURL, "--token-file", file]
                    ))
            }
        }
        var successes = 0
        for (name, arguments) in runs {
            let run = try await Program.run(Products.path(name), arguments, environment: environment)
            if run.exit == .code(0) { successes += 1 }
            let shown = arguments.joined(separator: " ")
            sweep.add("stdout of \(name) \(shown)", run.output)
            sweep.add("stderr of \(name) \(shown)", run.errors)
        }
        // Most of them have something to show.
        #expect(successes > 40, "\(successes) of \(runs.count)")
        let secrets = try gateway.secrets(["call", "credential"])
        #expect(try await gateway.stop() == .code(0))
        sweep.addOutput(of: gateway)
        sweep.expectNone(of: secrets)
    }
}
