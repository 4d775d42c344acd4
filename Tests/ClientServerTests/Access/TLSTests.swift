import Foundation
import GateClient
import GateProtocol
import GateTestKit
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A gateway that the network reaches: HTTPS, certificates of clients, and what stays as it was on the machine itself.
@Suite(.serialized) struct TLSTests {
    private static let token = "remote-agent-0123456789abcdef0123456789"
    private let directory: TemporaryDirectory
    private let authority: TestAuthority

    init() async throws {
        directory = try TemporaryDirectory()
        authority = try await TestAuthority(in: directory)
        _ = try await authority.issue("gate", ["DNS:localhost", "IP:127.0.0.1"])
    }

    private func config(_ more: String = "") throws -> String {
        try """
        [tls]
        certificate = "\(directory.file("gate.pem"))"
        key = "\(directory.file("gate.key"))"
        client_ca = "\(authority.certificate)"
        \(more)

        [[agents]]
        name = "remote"
        allow = ["one/*"]
        token = "\(Self.token)"

        [[agents]]
        name = "alice"
        allow = ["one/echo"]
        certificates = ["spiffe://x/alice"]


        """ + Backends.fake("one")
    }

    private func gateway(_ more: String = "") async throws -> GatewayProcess {
        let gateway = try await GatewayProcess.start(
            config(more), host: "0.0.0.0", server: "allowed_hosts = [\"gate.test\"]", directory: directory)
        try await gateway.running(["one"])
        return gateway
    }

    private func url(_ gateway: GatewayProcess) -> String { "https://localhost:\(gateway.port)" }

    private func gatecall(_ words: [String], _ gateway: GatewayProcess, _ environment: [String: String]) async throws
        -> (
            exit: Program.Exit, output: String, errors: String
        )
    {
        let base = ["HOME": "/nowhere", "PATH": "/usr/bin:/bin", "GATECALL_URL": url(gateway)]
        return try await Program.run(
            Products.path("gatecall"), words, environment: base.merging(environment) { $1 })
    }

    @Test func agentsComeOverHTTPSWithATokenOrACertificate() async throws {
        let alice = try await authority.issue("alice", ["URI:spiffe://x/alice"])
        let nobody = try await authority.issue("nobody", ["DNS:nobody.test"])
        let gateway = try await gateway()
        let trust = ["GATECALL_CA_FILE": authority.certificate]
        let call = ["call", "one/echo", "text=hello"]

        let remote = try await gatecall(call, gateway, trust.merging(["GATECALL_TOKEN": Self.token]) { $1 })
        #expect(remote.exit == .code(0) && remote.output == "hello", "\(remote)")
        let own = try await gatecall(
            call + ["--certificate", alice.certificate, "--key", alice.key], gateway, trust)
        #expect(own.exit == .code(0) && own.output == "hello", "\(own)")
        // Each is who it is, and sees what is its own.
        let log = try JSONReply(await gateway.admin("GET", "/log?limit=2")).json["calls"]?.arrayValue ?? []
        #expect(Set(log.compactMap { $0["agent"]?.stringValue }) == ["alice", "remote"])
        let tools = try await gatecall(
            ["tools", "--json"], gateway,
            trust.merging(["GATECALL_CERTIFICATE": alice.certificate, "GATECALL_KEY": alice.key]) { $1 })
        #expect(try JSONValue(parsing: tools.output)["tools"]?.arrayValue?.count == 1, "\(tools)")

        let stranger = try await gatecall(
            call + ["--certificate", nobody.certificate, "--key", nobody.key], gateway, trust)
        #expect(
            stranger.exit != .code(0) && stranger.errors.contains("No agent here has your certificate"), "\(stranger)")
        let naked = try await gatecall(call, gateway, trust)
        #expect(naked.errors.contains("needs a credential"), "\(naked)")
        // Who does not know the authority does not send a byte of the token.
        let careful = try await gatecall(call, gateway, ["GATECALL_TOKEN": Self.token])
        #expect(careful.exit != .code(0) && careful.errors.contains("certificate"), "\(careful)")
        #expect(try await gateway.stop() == .code(0))
    }

    /// As docs/tls.md says, with its own command.
    @Test func aFingerprintNamesAnAgentToo() async throws {
        _ = try await authority.issue("alice", ["DNS:whoever.test"])
        let page = try String(contentsOfFile: Products.checkout + "/docs/tls.md", encoding: .utf8)
        let command = try #require(page.split(separator: "\n").first { $0.hasPrefix("openssl x509 -in alice.pem") })
        let run = try await Program.run("/bin/sh", ["-c", String(command)], directory: directory.path)
        let name = "sha256:" + run.output.filter { !$0.isWhitespace }
        let gateway = try await GatewayProcess.start(
            """
            [tls]
            certificate = "\(directory.file("gate.pem"))"
            key = "\(directory.file("gate.key"))"
            client_ca = "\(authority.certificate)"

            [[agents]]
            name = "finger"
            allow = ["one/*"]
            certificates = ["\(name)"]


            """ + Backends.fake("one"), directory: directory)
        try await gateway.running(["one"])
        let call = try await gatecall(
            [
                "call", "one/echo", "text=mine", "--ca-file", authority.certificate, "--certificate",
                directory.file("alice.pem"), "--key", directory.file("alice.key"),
            ], gateway, [:])
        #expect(call.exit == .code(0) && call.output == "mine", "\(call)")
        #expect(try await gateway.stop() == .code(0))
    }

    @Test func aCertificateMayBeRequired() async throws {
        let gateway = try await gateway("require_client_certificate = true")
        let run = try await gatecall(
            ["tools"], gateway, ["GATECALL_CA_FILE": authority.certificate, "GATECALL_TOKEN": Self.token])
        #expect(run.exit != .code(0) && !run.output.contains("echo"), "\(run)")
        // On the machine itself a token is enough.
        let local = try await gateway.get("/tools", headers: ["Authorization": "Bearer \(Self.token)"])
        #expect(local.status == 200)
        #expect(try await gateway.stop() == .code(0))
    }

    /// Thirty calls at once on one connection, each with its own answer.
    @Test func callsShareAConnectionOverHTTP2() async throws {
        let gateway = try await gateway()
        let options = TLSTestClient.Options(authority: authority.certificate)
        let port = gateway.port
        let texts = try await offPool {
            let client = try HTTP2TestClient(port: port, authority: "localhost:\(port)", tls: options)
            let headers = [("authorization", "Bearer \(Self.token)"), ("content-type", "application/json")]
            let streams = (0..<30).map { number in
                client.request(
                    "POST", "/call", headers,
                    body: Array(#"{"server":"one","tool":"echo","arguments":{"text":"call \#(number)"}}"#.utf8))
            }
            #expect(client.reply(client.request("GET", "/tools"))?.status == 401)
            return streams.map { client.reply($0).flatMap { try? JSONValue(parsing: $0.body) } }
                .map { $0?["result"]?["content"]?.arrayValue?.first?["text"]?.stringValue }
        }
        #expect(texts == (0..<30).map { "call \($0)" })
        #expect(try await gateway.stop() == .code(0))
    }

    @Test(arguments: [PythonClient.current, .old]) func mcpClientsComeOverHTTPS(_ client: PythonClient) async throws {
        let gateway = try await gateway()
        var client = client
        client.environment = ["SSL_CERT_FILE": authority.certificate]
        let run = try await client.run(
            url: url(gateway) + "/mcp", [("echo", ["text": "over TLS"])],
            ["--header", "Authorization=Bearer \(Self.token)"])
        #expect(run.exit == .code(0) && run.texts == ["over TLS"], "\(run)")
        #expect(try await gateway.stop() == .code(0))
    }

    @Test func otherMachinesMustSpeakTLSAndThisOneNeedNot() async throws {
        let gateway = try await gateway()
        let bearer = ["Authorization": "Bearer \(Self.token)"]
        #expect(try await gateway.get("/tools", headers: bearer).status == 200)
        #expect(try await gateway.get("/tools").status == 401)
        let status = try await Program.run(
            Products.path("stonegate"), ["agent", "list", "--data-dir", gateway.dataDirectory])
        #expect(status.exit == .code(0) && status.output.contains("alice"), "\(status)")
        if let own = Sockets.ownAddress() {
            let script = """
                import socket
                peer = socket.create_connection(("\(own)", \(gateway.port)), 10)
                peer.sendall(b"GET /tools HTTP/1.1\\r\\nHost: gate.test\\r\\nAuthorization: Bearer \(Self.token)\\r\\n\\r\\n")
                data = b""
                while chunk := peer.recv(65536): data += chunk
                print(data.decode())
                """
            let run = try await Program.run(Products.python("new"), ["-c", script])
            #expect(run.output.hasPrefix("HTTP/1.1 400 ") && run.output.contains("speaks HTTPS"), "\(run)")
        }
        #expect(try await gateway.stop() == .code(0))
    }

    @Test(arguments: ["file", "command"]) func aRenewedCertificateCountsWithoutARestart(_ way: String) async throws {
        let gateway = try await gateway()
        let next = try await TestAuthority(in: directory, name: "next")
        var options = GateClientOptions()
        options.caFile = next.certificate
        let client = try GateClient(url: url(gateway), token: GateToken(Self.token), options: options)
        await #expect(throws: GateError.self) { try await client.tools() }
        _ = try await next.issue("gate", ["DNS:localhost"])
        if way == "command" {
            let run = try await Program.run(
                Products.path("stonegate"),
                ["reload", "--config", directory.file("config.toml"), "--data-dir", gateway.dataDirectory])
            #expect(run.exit == .code(0), "\(run)")
        }
        try await gateway.log("new connections get the renewed certificate")
        #expect(try await client.tools().tools.contains { $0.name == "echo" })
        await client.shutdown()
        #expect(try await gateway.stop() == .code(0))
    }

    @Test func badFilesAreSaidBeforeAnythingListens() async throws {
        chmod(directory.file("gate.key"), 0o644)
        let path = try directory.write(
            "[server]\nport = \(Sockets.freePort())\ndata_dir = \"\(directory.file("data"))\"\n\n" + config(),
            to: "config.toml")
        chmod(path, 0o600)
        for words in [["serve"], ["check"]] {
            let run = try await Program.run(Products.path("stonegate"), words + ["--config", path])
            #expect(run.exit == .code(78), "\(run)")
            #expect(run.errors.contains("tls.key: ") && run.errors.contains("chmod 600 "), "\(run)")
        }
    }

    /// Behind a proxy failures are counted by the client that the proxy names, so that one cannot lock out all others.
    @Test func behindAProxyFailuresAreCountedByClient() async throws {
        let gateway = try await GatewayProcess.start(
            "[limits]\nauth_failures_per_minute = 2\n\n[[agents]]\nname = \"a\"\nallow = [\"*\"]\ntoken = \"\(Self.token)\"\n",
            server: "behind_proxy = true")
        func status(_ client: String, _ token: String) async throws -> (Int, Bool) {
            let reply = try await gateway.get(
                "/tools", headers: ["Authorization": "Bearer \(token)", "X-Forwarded-For": client])
            return (reply.status, reply["Retry-After"] != nil)
        }
        let wrong = String(repeating: "w", count: 40)
        for _ in 0..<2 { #expect(try await status("203.0.113.9, 198.51.100.1", wrong) == (401, false)) }
        #expect(try await status("203.0.113.9, 198.51.100.1", Self.token) == (401, true))
        // What a client writes in front of it counts for nothing.
        #expect(try await status("192.0.2.77, 198.51.100.1", Self.token) == (401, true))
        #expect(try await status("203.0.113.9, 198.51.100.2", Self.token) == (200, false))
        #expect(try await gateway.stop() == .code(0))
    }
}
