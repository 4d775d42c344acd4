import GateBackend
import GateProtocol
import GateServer
import GateTestKit
import Testing

struct SessionLifeTests {
    private static func status(_ rig: FrontEndRig, _ headers: [String: String]) async throws -> Int {
        try await rig.post(request("ping"), headers).status
    }

    @Test func levelsOutliveARestart() async throws {
        let temporary = try TemporaryDirectory()
        var headers: [String: String] = [:]
        let services = FakeServices()
        do {
            let directory = try StateDirectory(path: temporary.path)
            try await FrontEndRig.with(services, directory: directory) { rig in
                headers = try await rig.session()
                let set = try await rig.post(request("logging/setLevel", #""level":"warning""#), headers)
                #expect(set.text == #"{"jsonrpc":"2.0","id":1,"result":{}}"#)
                let wrong = try await rig.post(request("logging/setLevel", #""level":"loud""#), headers)
                #expect(try wrong.json["error"]?["code"]?.intValue == -32602)
            }
        }
        let directory = try StateDirectory(path: temporary.path)
        try await FrontEndRig.with(services, directory: directory) { rig in
            #expect(try await SessionLifeTests.status(rig, headers) == 200)
            let call = request("tools/call", #""name":"search","arguments":{"q":"x"}"#)
            _ = try await rig.post(call, headers)
            #expect(services.calls.all.last?.listener?.logLevel == .warning)
        }
    }

    @Test func whatARestartLosesIsTerminatedAndTheRestGoesOn() async throws {
        let temporary = try TemporaryDirectory()
        let services = FakeServices()
        var plain: [String: String] = [:]
        var following: [String: String] = [:]
        var ended: [String: String] = [:]
        do {
            let directory = try StateDirectory(path: temporary.path)
            try await FrontEndRig.with(services, directory: directory) { rig in
                plain = try await rig.session()
                following = try await rig.session()
                ended = try await rig.session()
                let reply = try await rig.post(request("resources/subscribe", #""uri":"test://a""#), following)
                #expect(reply.text == #"{"jsonrpc":"2.0","id":1,"result":{}}"#)
                #expect(try await HTTP.send("DELETE", port: rig.port, "/mcp", headers: ended).status == 200)
            }
        }
        let directory = try StateDirectory(path: temporary.path)
        try await FrontEndRig.with(services, directory: directory) { rig in
            #expect(try await SessionLifeTests.status(rig, plain) == 200)
            for headers in [following, ended] {
                let reply = try await rig.post(request("ping"), headers)
                #expect(reply.status == 404)
                #expect(try reply.json["error"]?["message"] == "Session terminated")
                #expect(try reply.json["error"]?["code"]?.intValue == -32600)
            }
        }
    }

    @Test func idleSessionsExpire() async throws {
        var options = MCPOptions()
        options.sessionIdleTimeout = .milliseconds(300)
        let services = FakeServices()
        try await FrontEndRig.with(services, options: options) { rig in
            let idle = try await rig.session()
            let listening = try await rig.session()
            let stream = try await rig.get(listening)
            #expect(rig.frontEnd.openSessions == 2)
            let end = ContinuousClock.now.advanced(by: .seconds(20))
            while rig.frontEnd.openSessions > 1, ContinuousClock.now < end {
                _ = try await HTTP.send("PUT", port: rig.port, "/mcp")
            }
            #expect(try await SessionLifeTests.status(rig, idle) == 404)
            // An open stream is a use.
            #expect(try await SessionLifeTests.status(rig, listening) == 200)
            stream.close()
        }
    }

    @Test func sessionsAreCapped() async throws {
        var options = MCPOptions()
        options.maxSessions = 2
        try await FrontEndRig.with(options: options) { rig in
            _ = try await rig.session()
            let second = try await rig.session()
            let refused = try await rig.post(
                request("initialize", #""protocolVersion":"2025-11-25","capabilities":{}"#))
            #expect(refused.status == 503)
            #expect(refused["Retry-After"] == "5")
            #expect(refused.text.contains("limits.sessions"))
            #expect(try await HTTP.send("DELETE", port: rig.port, "/mcp", headers: second).status == 200)
            _ = try await rig.session()
        }
    }

    @Test func aSessionBelongsToTheAgentThatNamedItself() async throws {
        try await FrontEndRig.with { rig in
            let opening = request("initialize", #""protocolVersion":"2025-11-25","capabilities":{}"#)
            let reply = try await rig.post(opening, ["X-Stonegate-Agent": "hr-1"])
            var headers = ["Mcp-Session-Id": try #require(reply["Mcp-Session-Id"])]
            #expect(try await SessionLifeTests.status(rig, headers) == 200)
            headers["X-Stonegate-Agent"] = "hr-1"
            #expect(try await SessionLifeTests.status(rig, headers) == 200)
            headers["X-Stonegate-Agent"] = "finance-3"
            #expect(try await SessionLifeTests.status(rig, headers) == 404)
            #expect(try await rig.get(headers).head.status == 404)
            #expect(try await HTTP.send("DELETE", port: rig.port, "/mcp", headers: headers).status == 404)
            headers["X-Stonegate-Agent"] = nil
            #expect(try await SessionLifeTests.status(rig, headers) == 200)
            // One that named itself in the handshake only may be used under any name.
            var free = try await rig.session()
            free["X-Stonegate-Agent"] = "anybody"
            #expect(try await SessionLifeTests.status(rig, free) == 200)
        }
    }
}
