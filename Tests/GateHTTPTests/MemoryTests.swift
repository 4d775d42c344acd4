import GateCore
import GateHTTP
import NIOCore
import NIOHTTP1
import Testing

/// What the server holds for its clients is counted, and given back however it ends.
@Suite(.timeLimit(.minutes(1)))
struct MemoryTests {
    private static let body = String(repeating: "x", count: 100_000)
    private static let post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"
    private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

    private func settled(_ budget: MemoryBudget, _ wanted: (Int) -> Bool) async {
        while !wanted(budget.used) { await Task.yield() }
    }

    @Test func aBodyCountsWhileItArrivesAndWhileItIsWorkedOn() async throws {
        let gate = Gate()
        let responder = TestResponder { _, exchange in
            await gate.wait()
            exchange.send(status: .ok)
        }
        try await TestServer.with(responder) { server in
            let client = try server.client()
            client.send(Self.post + Self.body.prefix(60_000))
            await settled(server.budget) { $0 == 60_000 }
            client.send(String(Self.body.suffix(40_000)))
            await gate.arrived()
            #expect(server.budget.used == 100_000)
            gate.open()
            #expect(try await client.readResponse().status == 200)
            await settled(server.budget) { $0 == 0 }
        }
    }

    @Test func itIsGivenBackWhenTheClientGoes() async throws {
        let gate = Gate()
        let responder = TestResponder { _, exchange in
            await gate.wait()
            exchange.send(status: .ok)
        }
        try await TestServer.with(responder) { server in
            let half = try server.client()
            half.send(Self.post + Self.body.prefix(60_000))
            await settled(server.budget) { $0 == 60_000 }
            half.reset()
            await settled(server.budget) { $0 == 0 }
            let whole = try server.client()
            whole.send(Self.post + Self.body)
            await gate.arrived()
            whole.reset()
            // The handler still works on it.
            #expect(server.budget.used == 100_000)
            gate.open()
            await settled(server.budget) { $0 == 0 }
        }
    }

    @Test func aReplyThatIsNotTakenCountsUntilItIsOrTheClientGoes() async throws {
        let responder = TestResponder { _, exchange in
            exchange.send(status: .ok, body: [ByteBuffer(repeating: 0x78, count: 8_000_000)])
        }
        try await TestServer.with(responder) { server in
            for takes in [true, false] {
                let slow = try server.client(receiveBufferBytes: 4096)
                slow.send(Self.get)
                await settled(server.budget) { $0 > 1_000_000 }
                if takes { _ = try await slow.readResponse() } else { slow.reset() }
                // What a client takes slowly is counted at the sweep.
                while server.budget.used > 0 { await server.sweep(after: .milliseconds(1)) }
            }
        }
    }

    @Test func whatWaitsInAStreamCounts() async throws {
        let streams = Events<HTTPBodyStream>()
        let responder = TestResponder { _, exchange in streams.add(exchange.startStream(status: .ok)) }
        try await TestServer.with(responder) { server in
            let slow = try server.client(receiveBufferBytes: 4096)
            slow.send(Self.get)
            let stream = try #require(await streams.next())
            // Until the sockets are full and the queue holds something.
            var written = 0
            while server.budget.used < 200_000, written < 100_000_000 {
                guard stream.write(ByteBuffer(repeating: 0x78, count: 50_000)) else { break }
                written += 50_000
                await Task.yield()
            }
            #expect(server.budget.used > 0)
            slow.reset()
            await settled(server.budget) { $0 == 0 }
        }
    }

    @Test func anEndForSlowReadersComesBehindWhatTheyHaveNotRead() async throws {
        let streams = Events<HTTPBodyStream>()
        let responder = TestResponder { _, exchange in streams.add(exchange.startStream(status: .ok)) }
        try await TestServer.with(responder, configure: { $0.limits.maxStreamMessages = 4 }) { server in
            let client = try server.client(receiveBufferBytes: 4096)
            client.send(Self.get)
            let stream = try #require(await streams.next())
            let farewell = ByteBuffer(string: "event: end\n\n")
            while stream.write(ByteBuffer(repeating: 0x78, count: 60_000), elseEndWith: farewell) {}
            #expect(!stream.isOpen)
            let text = try await client.read(until: "0\r\n\r\n")
            #expect(text.hasSuffix("event: end\n\n\r\n0\r\n\r\n"))
        }
    }
}
