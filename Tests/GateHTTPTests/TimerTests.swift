import GateHTTP
import NIOCore
import NIOHTTP1
import Testing

@Suite struct TimerTests {
    /// A request on a connection of its own: when it is answered, everything sent before it has been read.
    private func settle(_ server: TestServer) async throws {
        let client = try server.client()
        client.send("GET /settle HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try await client.readResponse().status == 200)
    }

    @Test func slowHeadIsCutWith408() async throws {
        try await TestServer.with { server in
            let client = try server.client()
            client.send("GET / HTTP/1.1\r\nHo")
            try await settle(server)
            await server.sweep(after: .seconds(9))
            // More bytes do not restart the clock.
            client.send("st: a\r\nX: ")
            try await settle(server)
            await server.sweep(after: .seconds(11))
            let answer = try await client.readAll()
            #expect(answer.hasPrefix("HTTP/1.1 408 "))
            #expect(answer.contains("\r\nConnection: close\r\n"))
        }
    }

    @Test func slowBodyIsCutByItsRate() async throws {
        try await TestServer.with { server in
            let client = try server.client()
            client.send(
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + String(repeating: "x", count: 5500))
            try await settle(server)
            await server.sweep(after: .seconds(4))
            await server.sweep(after: .seconds(5))
            try await settle(server)
            #expect(server.server.connectionCount >= 1)
            await server.sweep(after: .seconds(6))
            #expect(try await client.readAll().hasPrefix("HTTP/1.1 408 "))
        }
    }

    @Test func slowBodyIsCutByItsTotalTime() async throws {
        try await TestServer.with { server in
            let client = try server.client()
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n")
            client.send(String(repeating: "x", count: 100_000))
            // The answer to a request on the same connection cannot tell that the body was read, so let the budget do it.
            client.send(String(repeating: "x", count: 50_000))
            try await settle(server)
            await server.sweep(after: .seconds(31))
            #expect(try await client.readAll().hasPrefix("HTTP/1.1 408 "))
            #expect(!server.responder.handled.contains("/"))
        }
    }

    @Test func idleConnectionsAreClosed() async throws {
        try await TestServer.with { server in
            let silent = try server.client()
            let used = try server.client()
            used.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await used.readResponse().status == 200)
            await server.sweep(after: .seconds(30))
            used.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await used.readResponse().status == 200)
            await server.sweep(after: .seconds(61))
            #expect(try await silent.readAll() == "")
            used.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await used.readResponse().status == 200)
            await server.sweep(after: .seconds(122))
            #expect(try await used.readAll() == "")
        }
    }

    @Test func pendingAnswersHaveNoTimer() async throws {
        let gate = Gate()
        let responder = TestResponder { request, exchange in
            await gate.wait()
            exchange.send(status: .ok)
        }
        try await TestServer.with(responder) { server in
            let client = try server.client()
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            await gate.arrived()
            await server.sweep(after: .seconds(1000))
            gate.open()
            #expect(try await client.readResponse().status == 200)
        }
    }

    @Test func timersRunByThemselves() async throws {
        try await TestServer.with(configure: {
            $0.sweepInterval = .milliseconds(20)
            $0.limits.idleTime = .milliseconds(30)
            $0.limits.headTime = .milliseconds(30)
            $0.limits.lingerTime = .milliseconds(30)
        }) { server in
            let idle = try server.client()
            #expect(try await idle.readAll() == "")
            let slow = try server.client()
            slow.send("GET / HT")
            #expect(try await slow.readAll().hasPrefix("HTTP/1.1 408 "))
            // The client keeps its half open; the server does not wait for it.
            while server.server.connectionCount > 0 { await Task.yield() }
        }
    }

    @Test func lingeringEnds() async throws {
        try await TestServer.with { server in
            let client = try server.client()
            client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(try await client.readAll().hasPrefix("HTTP/1.1 200 "))
            #expect(server.server.connectionCount == 1)
            await server.sweep(after: .seconds(1))
            #expect(server.server.connectionCount == 1)
            await server.sweep(after: .seconds(3))
            #expect(server.server.connectionCount == 0)
        }
    }

    @Test func clientsThatTakeNothingAreCut() async throws {
        let closes = Events<HTTPCloseReason>()
        let responder = TestResponder { request, exchange in
            exchange.onClose { closes.add($0) }
            let stream = exchange.startStream(status: .ok)
            // Less than a stream may queue, more than the socket buffers take once they are kept small.
            while stream.isOpen, stream.write(ByteBuffer(repeating: 0x78, count: 64 * 1024)) { await Task.yield() }
        }
        try await TestServer.with(responder, configure: { $0.limits.maxStreamBytes = 64 * 1024 * 1024 }) { server in
            let client = try server.client(receiveBufferBytes: 4096)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await closes.next() == .slowConsumer)
        }
        let whole = TestResponder { request, exchange in
            exchange.send(status: .ok, body: [ByteBuffer(repeating: 0x78, count: 16 * 1024 * 1024)])
        }
        try await TestServer.with(whole) { server in
            let client = try server.client(receiveBufferBytes: 4096)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try await client.read(until: "\r\n\r\n")
            await server.sweep(after: .seconds(10))
            #expect(server.server.connectionCount == 1)
            await server.sweep(after: .seconds(29))
            #expect(server.server.connectionCount == 1)
            await server.sweep(after: .seconds(31))
            #expect(server.server.connectionCount == 0)
        }
    }
}
