import GateCurl
import Testing

/// libcurl repeats a request when a reused connection ends without an answer. Here nothing is ever repeated.
@Suite struct AtMostOnceTests {
    /// Answers the first request of each connection, reads the second one and closes.
    private func dropping() throws -> RawServer {
        try RawServer { connection in
            guard connection.readRequest() != nil, connection.write(ok("first")) else { return }
            _ = connection.readRequest()
        }
    }

    @Test(arguments: [
        ("POST", 20, 500), ("POST", 0, 100), ("POST", 100_000, 100), ("GET", -1, 200), ("DELETE", -1, 100),
    ])
    func droppedOnReuseIsSentOnce(method: String, size: Int, rounds: Int) async throws {
        let server = try dropping()
        defer { server.stop() }
        let agent = try HostileEnvironment.agent()
        let body = size < 0 ? nil : [UInt8](repeating: 7, count: size)
        let request = CurlRequest(method: method, url: server.url, body: body)
        for round in 1...rounds {
            _ = try await agent.send(request)
            let error = await failure { () async throws(CurlError) in try await agent.send(request) }
            #expect(error?.kind == .closed)
            #expect(error?.sent == true)
            guard server.requests == round * 2, server.accepts == round else {
                Issue.record("round \(round): \(server.requests) requests on \(server.accepts) connections")
                break
            }
        }
        await agent.shutdown()
    }

    /// Other idle connections to the same server are no way to repeat either.
    @Test func idleConnectionsAreNotUsedForARepeat() async throws {
        let server = try RawServer { connection in
            while let request = connection.readRequest() {
                if request.body == Array("drop".utf8) { return }
                guard connection.write(ok("fine")) else { return }
            }
        }
        defer { server.stop() }
        let agent = try HostileEnvironment.agent()
        let warm = CurlRequest(method: "POST", url: server.url, body: Array("warm".utf8))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<16 { group.addTask { _ = try await agent.send(warm) } }
            try await group.waitForAll()
        }
        let before = server.requests
        let drop = CurlRequest(method: "POST", url: server.url, body: Array("drop".utf8))
        let error = await failure { () async throws(CurlError) in try await agent.send(drop) }
        #expect(error?.kind == .closed)
        #expect(error?.sent == true)
        #expect(server.requests == before + 1)
        await agent.shutdown()
    }

    @Test func connectionClosedWhileIdleIsReplacedAndNothingIsLost() async throws {
        let closed = Signal()
        let server = try RawServer { connection in
            guard connection.readRequest() != nil, connection.write(ok("once", "Keep-Alive: timeout=5\r\n")) else {
                return
            }
            closed.fire()
        }
        defer { server.stop() }
        let agent = try HostileEnvironment.agent()
        var succeeded = 0
        for _ in 0..<20 {
            let error = await failure { () async throws(CurlError) in try await agent.send(CurlRequest(url: server.url))
            }
            if error == nil { succeeded += 1 } else { #expect(error?.sent == true) }
            await closed.wait()
        }
        #expect(succeeded >= 1)
        #expect(server.requests <= 20)
        await agent.shutdown()
    }

    @Test func refusedConnectionWasNotSent() async throws {
        let server = try RawServer { _ in }
        server.stop()
        let agent = try HostileEnvironment.agent()
        let error = await failure { () async throws(CurlError) in try await agent.send(CurlRequest(url: server.url)) }
        #expect(error?.kind == .connect)
        #expect(error?.sent == false)
        await agent.shutdown()
    }
}
