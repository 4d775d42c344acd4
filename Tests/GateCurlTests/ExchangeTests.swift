import GateCurl
import Testing

@Suite struct ExchangeOverSocketTests {
    @Test func getReturnsStatusHeadersAndBody() async throws {
        let server = try RawServer.answering { _ in
            "HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n"
                + "HTTP/1.1 404 Nope\r\nX-One:  a b \r\nx-one: c\r\nContent-Length: 3\r\n\r\nabc"
        }
        defer { server.stop() }
        let agent = try HostileEnvironment.agent()
        let response = try await agent.send(CurlRequest(url: server.url))
        #expect(response.status == 404)
        #expect(response.body == Array("abc".utf8))
        #expect(response.head.value("X-ONE") == "a b")
        #expect(response.head.headers.map(\.name) == ["X-One", "x-one", "Content-Length"])
        #expect(response.head.headers.map(\.value) == ["a b", "c", "3"])
        await agent.shutdown()
    }

    @Test func hostileEnvironmentAddsNothing() async throws {
        let server = try RawServer.answering { ok($0.head) }
        defer { server.stop() }
        let agent = try HostileEnvironment.agent()
        let response = try await agent.send(CurlRequest(url: server.url))
        #expect(
            String(decoding: response.body, as: UTF8.self)
                == "GET / HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\nAccept: */*")
        await agent.shutdown()
    }

    @Test(arguments: [0, 1, 100, 60 << 10, (60 << 10) + 1, 3 << 20])
    func postSendsTheBodyOnceAndWhole(size: Int) async throws {
        let server = try RawServer.answering { request in
            let isRight = request.body.enumerated().allSatisfy { $1 == UInt8(truncatingIfNeeded: $0 &* 31) }
            return ok("\(request.body.count) \(isRight)\n\(request.head)")
        }
        defer { server.stop() }
        let agent = try HostileEnvironment.agent()
        let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        for _ in 0..<3 {
            let response = try await agent.send(
                CurlRequest(method: "POST", url: server.url, headers: [("X-Empty", ""), ("Accept", "a/b")], body: body))
            let text = String(decoding: response.body, as: UTF8.self)
            #expect(text.hasPrefix("\(size) true\nPOST / HTTP/1.1\r\n"))
            #expect(text.contains("\r\nX-Empty:"))
            #expect(text.contains("\r\nAccept: a/b\r\n"))
            #expect(text.contains("\r\nContent-Length: \(size)"))
            for unwanted in ["Expect", "Content-Type", "Accept-Encoding", "User-Agent", "Transfer-Encoding"] {
                #expect(!text.contains("\r\n\(unwanted):"))
            }
        }
        #expect(server.accepts == 1)
        await agent.shutdown()
    }

    @Test func methodsChangeOnOneConnection() async throws {
        let server = try RawServer.answering { request in
            request.head.hasPrefix("HEAD")
                ? "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"
                : ok(String(request.head.prefix { $0 != " " }) + String(decoding: request.body, as: UTF8.self))
        }
        defer { server.stop() }
        let agent = try HostileEnvironment.agent()
        let shapes: [(String, String?, String)] = [
            ("GET", nil, "GET"), ("POST", "x", "POSTx"), ("DELETE", nil, "DELETE"), ("PUT", "y", "PUTy"),
            ("HEAD", nil, ""), ("GET", nil, "GET"), ("POST", nil, "POST"), ("GET", nil, "GET"),
        ]
        for (method, body, expected) in shapes {
            let response = try await agent.send(
                CurlRequest(method: method, url: server.url, body: body.map { Array($0.utf8) }))
            #expect(String(decoding: response.body, as: UTF8.self) == expected)
        }
        #expect(server.accepts == 1)
        await agent.shutdown()
    }

    @Test func redirectIsReturnedNotFollowed() async throws {
        let target = try RawServer.answering { _ in ok("followed") }
        let server = try RawServer.answering { _ in
            "HTTP/1.1 302 Found\r\nLocation: \(target.url)\r\nContent-Length: 0\r\n\r\n"
        }
        defer {
            server.stop()
            target.stop()
        }
        let agent = try HostileEnvironment.agent()
        let response = try await agent.send(CurlRequest(url: server.url))
        #expect(response.status == 302)
        #expect(target.accepts == 0)
        await agent.shutdown()
    }

    @Test func concurrentCallsKeepTheirBodiesApart() async throws {
        let server = try RawServer.answering { ok(String(decoding: $0.body, as: UTF8.self)) }
        defer { server.stop() }
        let agent = try HostileEnvironment.agent()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<64 {
                group.addTask {
                    for round in 0..<20 {
                        let text = "\(worker)/\(round)/" + String(repeating: "\(worker % 10)", count: worker * 37)
                        let response = try await agent.send(
                            CurlRequest(method: "POST", url: server.url, body: Array(text.utf8)))
                        #expect(response.body == Array(text.utf8))
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(server.requests == 64 * 20)
        #expect(server.accepts <= 64)
        await agent.shutdown()
    }

    @Test func connectionsPerHostAreLimited() async throws {
        let server = try RawServer.answering { ok(String(decoding: $0.body, as: UTF8.self)) }
        defer { server.stop() }
        var options = CurlAgentOptions()
        options.maxConnectionsPerHost = 2
        let agent = try HostileEnvironment.agent(options)
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<50 { group.addTask { try await agent.send(CurlRequest(url: server.url)).status } }
            for try await status in group { #expect(status == 200) }
        }
        #expect(server.accepts <= 2)
        await agent.shutdown()
    }
}
