import GateProtocol
import GateTestKit
import Testing

/// Callbacks of the real gateway to a real receiver, checked with another implementation of the signature.
@Suite(.timeLimit(.minutes(3)))
struct CallbackTests {
    private func config(_ receiver: ScriptedServer) throws -> String {
        "[async]\ncallback_hosts = [\"127.0.0.1:\(receiver.port)\"]\n\n" + (try Backends.fake("b"))
    }

    private func submit(_ gateway: GatewayProcess, _ receiver: ScriptedServer, _ text: String) async throws -> String {
        let reply = try await gateway.post(
            "/call/async",
            json: """
                {"server":"b","tool":"echo","arguments":{"text":"\(text)"},\
                "callback_url":"http://127.0.0.1:\(receiver.port)/hook"}
                """)
        #expect(reply.status == 202, "\(reply.text)")
        return try #require(try JSONValue(parsing: reply.body)["call_id"]?.stringValue)
    }

    @Test func theEndIsToldAndSigned() async throws {
        let receiver = try ScriptedServer { request in
            request.body.contains("busy") && request["webhook-id"] == nil ? .reply(500, "") : .reply(204, "")
        }
        let gateway = try await GatewayProcess.start(try config(receiver))
        try await gateway.running(["b"])
        let id = try await submit(gateway, receiver, "hello")
        let told = try await receiver.requests.first { $0.path == "/hook" }.element
        #expect(told["webhook-id"] == id && told["content-type"] == "application/json")
        let body = try JSONValue(parsing: Array(told.body.utf8))
        #expect(body["call_id"]?.stringValue == id && body["status"] == "complete")
        #expect(body["result"]?["content"]?.arrayValue?.first?["text"] == "hello")
        let secret = try #require(gateway.directory.read("data/callback.secret")).filter { !$0.isWhitespace }
        let check = try await Program.run(
            "/usr/bin/env",
            [
                "python3", "-c",
                """
                import base64, hashlib, hmac, sys
                secret, ident, time, signature = sys.argv[1:5]
                text = f"{ident}.{time}.".encode() + sys.stdin.buffer.read()
                tag = hmac.new(base64.b64decode(secret.removeprefix("whsec_")), text, hashlib.sha256).digest()
                sys.exit(0 if signature == "v1," + base64.b64encode(tag).decode() else 1)
                """, secret, id, told["webhook-timestamp"] ?? "", told["webhook-signature"] ?? "",
            ], input: told.body)
        #expect(check.exit == .code(0), "\(check)")
        try await gateway.stop()
    }

    /// A receiver that is away is told again, by the next run of the gateway too.
    @Test func aReceiverThatWasAwayIsToldAfterARestart() async throws {
        let refused = Journal<String>(name: "refused")
        let receiver = try ScriptedServer { request in
            if refused.all.count < 1 {
                refused.append(request["webhook-id"] ?? "")
                return .reply(503, "")
            }
            return .reply(200, "{}")
        }
        let config = try config(receiver)
        var gateway = try await GatewayProcess.start(config)
        try await gateway.running(["b"])
        let id = try await submit(gateway, receiver, "again")
        _ = try await refused.first { _ in true }
        gateway.program.signal(9)
        _ = try await gateway.program.exit()
        gateway = try await GatewayProcess.start(config, directory: gateway.directory)
        let again = try await receiver.requests.first(from: 1) { $0["webhook-id"] == id }.element
        #expect(again.body.contains("\"complete\""))
        try await gateway.stop()
    }

    @Test func otherHostsAreRefused() async throws {
        let receiver = try ScriptedServer { _ in .reply(200, "") }
        let other = try ScriptedServer { _ in .reply(200, "") }
        let gateway = try await GatewayProcess.start(try config(receiver))
        try await gateway.running(["b"])
        let reply = try await gateway.post(
            "/call/async",
            json:
                #"{"server":"b","tool":"echo","arguments":{"text":"x"},"callback_url":"http://127.0.0.1:\#(other.port)/"}"#
        )
        #expect(reply.status == 400 && reply.text.contains("callback_hosts"))
        try await gateway.stop()
        #expect(other.requests.all.isEmpty)
    }
}
