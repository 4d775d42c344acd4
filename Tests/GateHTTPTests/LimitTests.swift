import GateCore
import GateHTTP
import NIOCore
import NIOHTTP1
import Testing

@Suite struct LimitTests {
    @Test func boundsTheRequestLine() async throws {
        try await TestServer.with { server in
            let fits = try server.client()
            // "GET /" and " HTTP/1.1" are 14 bytes.
            fits.send("GET /" + String(repeating: "a", count: 8192 - 14) + " HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await fits.readResponse().status == 200)
            let tooLong = try server.client()
            tooLong.send("GET /" + String(repeating: "a", count: 8193 - 14) + " HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await tooLong.readAll().hasPrefix("HTTP/1.1 414 "))
            let endless = try server.client()
            endless.send("GET /" + String(repeating: "a", count: 9000))
            #expect(try await endless.readAll().hasPrefix("HTTP/1.1 414 "))
        }
    }

    @Test func boundsTheHeader() async throws {
        try await TestServer.with { server in
            let fits = try server.client()
            fits.send("GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X: 1\r\n", count: 99) + "\r\n")
            #expect(try await fits.readResponse().status == 200)
            let tooMany = try server.client()
            tooMany.send("GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X: 1\r\n", count: 100) + "\r\n")
            #expect(try await tooMany.readAll().hasPrefix("HTTP/1.1 431 "))
            let tooLarge = try server.client()
            tooLarge.send("GET / HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "v", count: 33_000))
            #expect(try await tooLarge.readAll().hasPrefix("HTTP/1.1 431 "))
            #expect(server.responder.handled == ["/"])
        }
    }

    @Test func headerFloodIsCutEarly() async throws {
        try await TestServer.with { server in
            let client = try server.client()
            client.send("GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X: 1234\r\n", count: 20_000) + "\r\n")
            #expect(try await client.readAll().hasPrefix("HTTP/1.1 431 "))
            #expect(server.responder.handled == [])
        }
    }

    @Test func bigBodiesArriveWhole() async throws {
        let block = (0..<4096).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }
        let body = Array(repeatElement(block, count: 1024).joined())
        let expected = ByteBuffer(bytes: body)
        let responder = TestResponder { request, exchange in
            exchange.send(status: request.body == expected ? .ok : .conflict)
        }
        try await TestServer.with(responder) { server in
            let client = try server.client()
            client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.count)\r\n\r\n")
            client.send(body)
            #expect(try await client.readResponse().status == 200)
            client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            for start in stride(from: 0, to: body.count, by: 100_000) {
                let chunk = body[start..<min(start + 100_000, body.count)]
                client.send(Array("\(String(chunk.count, radix: 16))\r\n".utf8) + chunk + Array("\r\n".utf8))
            }
            client.send("0\r\n\r\n")
            #expect(try await client.readResponse().status == 200)
        }
    }

    @Test func refusesBodiesThatAreTooLarge() async throws {
        try await TestServer.with(configure: { $0.limits.maxBodyBytes = 1000 }) { server in
            let announced = try server.client()
            announced.send(
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n" + String(repeating: "x", count: 1001))
            #expect(try await announced.readAll().hasPrefix("HTTP/1.1 413 "))
            let chunked = try server.client()
            chunked.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in 0..<11 { chunked.send("64\r\n" + String(repeating: "x", count: 100) + "\r\n") }
            #expect(try await chunked.readAll().hasPrefix("HTTP/1.1 413 "))
            #expect(server.responder.handled == [])
        }
    }

    @Test func boundsTheBodiesOfAllConnectionsTogether() async throws {
        try await TestServer.with(budget: MemoryBudget(limit: 10_000)) { server in
            let part = String(repeating: "x", count: 6000)
            let first = try server.client()
            first.send("POST /1 HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9000\r\n\r\n")
            #expect(try await first.read(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
            first.send(part)
            let second = try server.client()
            second.send("POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 9000\r\n\r\n" + part)
            // Whichever comes second to the server is refused.
            let third = try server.client()
            third.send("GET /3 HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await third.readResponse().status == 200)
            #expect(try await second.readAll().hasPrefix("HTTP/1.1 503 "))
            first.send(String(repeating: "y", count: 3000))
            #expect(try await first.readResponse().status == 200)
        }
    }

    @Test func boundsConnectionsPerAddressAndInTotal() async throws {
        for configure: (inout HTTPServerConfiguration) -> Void in [
            { $0.limits.maxConnectionsPerAddress = 3 }, { $0.limits.maxConnections = 3 },
        ] {
            try await TestServer.with(threads: 2, configure: configure) { server in
                var clients: [RawClient] = []
                for _ in 0..<3 {
                    let client = try server.client()
                    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    #expect(try await client.readResponse().status == 200)
                    clients.append(client)
                }
                let extra = try server.client()
                let answer = try await extra.readAll()
                #expect(answer.hasPrefix("HTTP/1.1 503 "))
                #expect(answer.contains("Retry-After: 1\r\n"))
                #expect(server.server.connectionCount == 3)
                // A place that becomes free is given away again.
                clients[0].send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                #expect(try await clients[0].readAll().hasPrefix("HTTP/1.1 200 "))
                clients[0].close()
                while server.server.connectionCount > 2 { await Task.yield() }
                let next = try server.client()
                next.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await next.readResponse().status == 200)
            }
        }
    }
}
