import GateHTTP
import NIOCore
import NIOHTTP1
import Testing

@Suite struct StreamTests {
    private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

    @Test func sendsChunksAndKeepsTheConnection() async throws {
        let responder = TestResponder { request, exchange in
            let stream = exchange.startStream(status: .ok, headers: ["Content-Type": "text/event-stream"])
            #expect(stream.write(ByteBuffer(string: "data: 1\n\n")))
            #expect(stream.write(ByteBuffer()))
            #expect(stream.write(ByteBuffer(repeating: 0x78, count: 10_000)))
            stream.finish()
            #expect(!stream.write(ByteBuffer(string: "late")))
        }
        try await TestServer.with(responder) { server in
            let client = try server.client()
            for _ in 0..<3 {
                client.send(Self.get)
                let head = RawClient.Response(head: try await client.read(until: "\r\n\r\n"))
                #expect(head["transfer-encoding"] == "chunked" && head["content-length"] == nil)
                #expect(head["content-type"] == "text/event-stream")
                let body = try await client.read(until: "0\r\n\r\n")
                #expect(
                    body == "9\r\ndata: 1\n\n\r\n2710\r\n" + String(repeating: "x", count: 10_000) + "\r\n0\r\n\r\n")
            }
        }
    }

    @Test func headLeavesBeforeTheFirstMessageAndMessagesOneByOne() async throws {
        let streams = Events<HTTPBodyStream>()
        let responder = TestResponder { request, exchange in streams.add(exchange.startStream(status: .ok)) }
        try await TestServer.with(responder) { server in
            let client = try server.client()
            client.send(Self.get)
            _ = try await client.read(until: "\r\n\r\n")
            let stream = try #require(await streams.next())
            for text in ["one", "two", "six"] {
                #expect(stream.write(ByteBuffer(string: text)))
                #expect(try await client.read(until: "\(text)\r\n") == "3\r\n\(text)\r\n")
            }
            stream.finish()
            #expect(try await client.read(until: "\r\n\r\n") == "0\r\n\r\n")
        }
    }

    @Test func oldClientsGetTheBytesUntilTheEnd() async throws {
        let responder = TestResponder { request, exchange in
            let stream = exchange.startStream(status: .ok)
            stream.write(ByteBuffer(string: "abc"))
            stream.write(ByteBuffer(string: "def"))
            stream.finish()
        }
        try await TestServer.with(responder) { server in
            let client = try server.client()
            client.send("GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n")
            let answer = try await client.readAll()
            #expect(answer.hasSuffix("\r\n\r\nabcdef"))
            #expect(!answer.lowercased().contains("transfer-encoding"))
            #expect(answer.lowercased().contains("\r\nconnection: close\r\n"))
        }
    }

    @Test func aSlowReaderGetsEverythingWithinTheLimit() async throws {
        let responder = TestResponder { request, exchange in
            let stream = exchange.startStream(status: .ok)
            for number in 0..<200 {
                #expect(stream.write(ByteBuffer(repeating: UInt8(truncatingIfNeeded: 0x41 + number % 26), count: 5000)))
            }
            stream.finish()
        }
        try await TestServer.with(responder) { server in
            let client = try server.client(receiveBufferBytes: 4096)
            client.send(Self.get)
            _ = try await client.read(until: "\r\n\r\n")
            let body = try await client.read(until: "0\r\n\r\n")
            #expect(body.utf8.count == 200 * (5000 + 8) + 5)
            let expected = (0..<200).map {
                "1388\r\n" + String(repeating: Character(UnicodeScalar(UInt8(0x41 + $0 % 26))), count: 5000) + "\r\n"
            }
            #expect(body == expected.joined() + "0\r\n\r\n")
        }
    }

    @Test func tooManyMessagesEndTheStream() async throws {
        let counts = Events<Int>()
        let closes = Events<HTTPCloseReason>()
        let responder = TestResponder { request, exchange in
            exchange.onClose { closes.add($0) }
            let stream = exchange.startStream(status: .ok)
            // All in one turn of the event loop: nothing can leave meanwhile.
            var count = 0
            while stream.write(ByteBuffer(string: "x")) { count += 1 }
            #expect(!stream.isOpen)
            counts.add(count)
        }
        try await TestServer.with(responder) { server in
            let client = try server.client()
            client.send(Self.get)
            #expect(await counts.next() == 256)
            #expect(await closes.next() == .slowConsumer)
            // Cut, not ended: the client can tell that something is missing.
            #expect(try await !client.readAll().hasSuffix("0\r\n\r\n"))
        }
    }

    @Test func tooManyBytesEndTheStream() async throws {
        let counts = Events<Int>()
        let responder = TestResponder { request, exchange in
            let stream = exchange.startStream(status: .ok)
            var count = 0
            while stream.write(ByteBuffer(repeating: 0x78, count: 100 * 1024)) { count += 1 }
            counts.add(count)
        }
        try await TestServer.with(responder) { server in
            let client = try server.client()
            client.send(Self.get)
            #expect(await counts.next() == 10)
        }
    }
}
