import GateCurl
import Testing

@Suite struct RequestRuleTests {
    private func error(_ request: CurlRequest) async throws -> CurlError? {
        let agent = try HostileEnvironment.agent()
        let error = await failure { () async throws(CurlError) in try await agent.send(request) }
        await agent.shutdown()
        return error
    }

    @Test(arguments: [
        ("X", "a\r\nEvil: 1"), ("X", "a\nEvil: 1"), ("X", "a\rb"), ("X", "a\0b"), ("X", "\u{85}"), ("X", "\u{2028}"),
        ("X\r\nEvil", "1"), ("X:", "1"), ("", "1"), ("X Y", "1"), ("É", "1"),
        ("Transfer-Encoding", "chunked"), ("content-length", "5"), ("Connection", "upgrade"),
    ])
    func headerIsRefusedBeforeAnythingIsSent(name: String, value: String) async throws {
        let server = try RawServer.answering { _ in ok("") }
        defer { server.stop() }
        let error = try await error(CurlRequest(url: server.url, headers: [(name, value)]))
        #expect(error?.kind == .invalidRequest)
        #expect(error?.sent == false)
        #expect(server.accepts == 0)
    }

    @Test(arguments: ["GET / HTTP/1.1\r\nX: y", "", "GE T", "GET\0"])
    func methodIsRefused(method: String) async throws {
        #expect(try await error(CurlRequest(method: method, url: "http://127.0.0.1:1/"))?.kind == .invalidRequest)
    }

    @Test(arguments: [
        "", "/x", "127.0.0.1", "ftp://127.0.0.1/", "file:///etc/passwd", "gopher://127.0.0.1/", "http://", "http:///x",
        "http://u:p@127.0.0.1/", "http://u@127.0.0.1/", "http://@127.0.0.1/", "http://:@127.0.0.1/",
        "http://127.0.0.1:99999/", "http://127.0.0.1/\r\nX: y", "http://127.0.0.1/a b", "http://１２７.0.0.1/",
        "http://127.0.0.1\0.example/", "http://a%00b/",
    ])
    func urlIsRefused(url: String) async throws {
        #expect(throws: CurlError.self) { try CurlURL(url) }
        #expect(try await error(CurlRequest(url: url))?.kind == .invalidRequest)
    }

    @Test func urlIsReadAsLibcurlReadsIt() throws {
        let url = try CurlURL("HTTP://0x7f.1:8080/a/../b?c=d#e")
        #expect(url.scheme == "http")
        #expect(url.host == "127.0.0.1")
        #expect(url.port == 8080)
        #expect(url.path == "/b")
        #expect(url.query == "c=d")
        #expect(try CurlURL("https://example.com").port == 443)
        #expect(try CurlURL("http://[::1]:5/").host == "[::1]")
        for text in ["http://0x7f.1:1/x?y", "https://[::ffff:127.0.0.1]/", "http://a.b.c/%41?%42"] {
            let once = try CurlURL(text)
            #expect(try CurlURL(once.text) == once)
        }
    }

    @Test(arguments: ["0x7f.1", "127.1", "2130706433", "[::ffff:127.0.0.1]", "[::1]", "0", "127.0.0.1"])
    func policyJudgesTheDialledAddress(host: String) async throws {
        let server = try RawServer.answering { _ in ok("") }
        defer { server.stop() }
        var request = CurlRequest(url: "http://\(host):\(server.port)/")
        request.allowedAddress = { $0.scope == .global }
        let error = try await error(request)
        #expect(error?.kind == .refusedAddress)
        #expect(error?.sent == false)
        #expect(server.accepts == 0)
    }

    @Test func policyJudgesReusedConnections() async throws {
        let server = try RawServer.answering { _ in ok("") }
        defer { server.stop() }
        let agent = try HostileEnvironment.agent()
        var request = CurlRequest(url: server.url)
        _ = try await agent.send(request)
        request.allowedAddress = { _ in false }
        let strict = request
        let error = await failure { () async throws(CurlError) in try await agent.send(strict) }
        #expect(error?.kind == .refusedAddress)
        #expect(error?.sent == false)
        #expect(server.requests == 1)
        request.allowedAddress = { $0 == .ipv4([127, 0, 0, 1], port: server.port) }
        #expect(try await agent.send(request).status == 200)
        await agent.shutdown()
    }

    @Test func scopesOfAddresses() {
        let four: [([UInt8], CurlPeerAddress.Scope)] = [
            ([127, 9, 9, 9], .loopback), ([0, 0, 0, 0], .loopback), ([10, 0, 0, 1], .privateNetwork),
            ([172, 31, 0, 1], .privateNetwork), ([172, 32, 0, 1], .global), ([192, 168, 1, 1], .privateNetwork),
            ([169, 254, 169, 254], .linkLocal), ([224, 0, 0, 1], .reserved), ([8, 8, 8, 8], .global),
        ]
        for (octets, scope) in four {
            #expect(CurlPeerAddress.ipv4(octets, port: 1).scope == scope)
            let zeros = [UInt8](repeating: 0, count: 10)
            #expect(CurlPeerAddress.ipv6(zeros + [0xFF, 0xFF] + octets, port: 1).scope == scope)
        }
        #expect(CurlPeerAddress.ipv6([0xFE, 0x80] + [UInt8](repeating: 0, count: 14), port: 1).scope == .linkLocal)
        #expect(CurlPeerAddress.ipv6([0xFD] + [UInt8](repeating: 0, count: 15), port: 1).scope == .privateNetwork)
        #expect(CurlPeerAddress.ipv6([0x26] + [UInt8](repeating: 0, count: 15), port: 1).scope == .global)
    }

    @Test func versionIsReported() {
        #expect(CurlLibrary.version.hasPrefix("libcurl/"))
    }
}
