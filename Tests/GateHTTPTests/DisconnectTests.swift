import GateHTTP
import NIOCore
import NIOHTTP1
import Synchronization
import Testing

@Suite struct DisconnectTests {
    private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

    @Test func theHandlerLearnsAtOnceThatTheClientHasGone() async throws {
        let closes = Events<HTTPCloseReason>()
        let gate = Gate()
        let late = Events<[Bool]>()
        let arrivals = Events<Bool>()
        let responder = TestResponder { request, exchange in
            exchange.onClose { closes.add($0) }
            arrivals.add(true)
            await gate.wait()
            late.add([exchange.send(status: .ok), Task.isCancelled])
            exchange.onClose { closes.add($0) }
        }
        try await TestServer.with(responder) { server in
            for end in [RawClient.close, RawClient.reset, RawClient.closeSendingHalf] as [(RawClient) -> () -> Void] {
                let client = try server.client()
                client.send(Self.get)
                #expect(await arrivals.next() == true)
                end(client)()
                #expect(await closes.next() == .clientGone)
            }
            gate.open()
            for _ in 0..<3 {
                #expect(await late.next() == [false, false])
                // Who asks late is told at once.
                #expect(await closes.next() == .clientGone)
            }
        }
    }

    @Test func aStreamLearnsItToo() async throws {
        let closes = Events<HTTPCloseReason>()
        let streams = Events<HTTPBodyStream>()
        let responder = TestResponder { request, exchange in
            exchange.onClose { closes.add($0) }
            streams.add(exchange.startStream(status: .ok))
        }
        try await TestServer.with(responder) { server in
            let client = try server.client()
            client.send(Self.get)
            _ = try await client.read(until: "\r\n\r\n")
            let stream = try #require(await streams.next())
            client.close()
            #expect(await closes.next() == .clientGone)
            #expect(!stream.write(ByteBuffer(string: "x")) && !stream.isOpen)
        }
    }

    @Test func nothingIsReportedAfterTheAnswer() async throws {
        let count = Atomic<Int>(0)
        let responder = TestResponder { request, exchange in
            exchange.onClose { _ in count.add(1, ordering: .relaxed) }
            exchange.send(status: .ok)
            exchange.onClose { _ in count.add(1, ordering: .relaxed) }
        }
        try await TestServer.with(responder) { server in
            let client = try server.client()
            client.send(Self.get)
            #expect(try await client.readResponse().status == 200)
            client.close()
            while server.server.connectionCount > 0 { await Task.yield() }
            #expect(count.load(ordering: .relaxed) == 0)
        }
    }

    @Test func halfClosedClientsAreAnsweredWhenConfigured() async throws {
        let gate = Gate()
        let responder = TestResponder { request, exchange in
            await gate.wait()
            exchange.send(status: .ok, body: [ByteBuffer(string: "here")])
        }
        try await TestServer.with(responder, configure: { $0.allowsHalfClosure = true }) { server in
            let client = try server.client()
            client.send(Self.get)
            await gate.arrived()
            client.closeSendingHalf()
            gate.open()
            // Reads to the end of the connection, which the server closes behind the answer.
            let answer = try await client.readAll()
            #expect(answer.hasSuffix("\r\n\r\nhere"))
        }
    }

    @Test func anUnfinishedRequestIsNotRun() async throws {
        try await TestServer.with { server in
            for part in [
                "G", "GET / HTTP/1.1\r\nHost: a\r\n", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nab",
            ] {
                let client = try server.client()
                client.send(part)
                client.closeSendingHalf()
                #expect(try await client.readAll() == "")
            }
            #expect(server.responder.handled == [])
        }
    }
}
