import GateHTTP
import NIOCore
import NIOHTTP1
import Testing

/// Raw byte vectors: what a request may not look like. Each is followed by a well-formed request, which must never run.
@Suite struct FramingTests {
    static let refused: [(String, Int)] = [
        // Request line
        ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400),
        ("GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (" GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET /\r\nHost: a\r\n\r\n", 400),
        ("GET / HTTP/1.1\nHost: a\n\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\n\r\n", 400),
        ("GET / HTTP/1.1\rHost: a\r\n\r\n", 400),
        ("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("\rGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        ("GET / HTTP/0.9\r\nHost: a\r\n\r\n", 505),
        ("GET / http/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET / HTTP/1.10\r\nHost: a\r\n\r\n", 400),
        ("GET / HTTP/01.1\r\nHost: a\r\n\r\n", 400),
        ("GET / HTTP/1,1\r\nHost: a\r\n\r\n", 400),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        ("G@T / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET( / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (String(repeating: "M", count: 33) + " / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("\u{16}\u{03}\u{01}\u{02}\u{00}\u{01}", 400),
        // Target
        ("GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET a/b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET /a\u{01}b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET /a\u{00}b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET /a\u{7F}b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET /caf\u{E9} HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        // Host
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.0\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nhOST: b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost:\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: x/health?\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a#b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\\b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", 400),
        // Header fields
        ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\n X: folded\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n\tfolded\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nNoColon\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\n: empty\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nX y: b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nX\u{00}: b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nX\u{E9}: b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: b\u{00}c\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: b\rY: c\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\n\rX: b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: b\nY: c\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: b\u{7F}\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nMcp-Session-Id: b\u{85}c\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nMcp-Session-Id: b\u{2028}c\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nMcp-Session-Id: b\u{2029}c\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nExpect: something\r\n\r\n", 417),
        // Body framing
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\nabc", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -3\r\n\r\nabc", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x3\r\n\r\nabc", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3 3\r\n\r\nabc", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3.0\r\n\r\nabc", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\nabc", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551619\r\n\r\nabc", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\nabc", 413),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\u{0B}\r\n\r\n0\r\n\r\n", 400),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400
        ),
        ("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        ("POST / HTTP/1.0\r\nHost: a\r\n\r\nabc", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", 415),
        // Chunks
        (chunked("x\r\n"), 400), (chunked("\r\n"), 400), (chunked("+3\r\nabc\r\n0\r\n\r\n"), 400),
        (chunked("-3\r\nabc\r\n0\r\n\r\n"), 400), (chunked("0x3\r\nabc\r\n0\r\n\r\n"), 400),
        (chunked(" 3\r\nabc\r\n0\r\n\r\n"), 400), (chunked("3 \r\nabc\r\n0\r\n\r\n"), 400),
        (chunked("3\nabc\r\n0\r\n\r\n"), 400), (chunked("3\r\nabcd\r\n0\r\n\r\n"), 400),
        (chunked("3\r\nabc\n0\r\n\r\n"), 400), (chunked("3\r\nabc0\r\n\r\n"), 400),
        (chunked("3;ext=1\r\nabc\r\n0\r\n\r\n"), 400),
        (chunked("3;" + String(repeating: "e", count: 1 << 20) + "\r\nabc\r\n0\r\n\r\n"), 400),
        (chunked("3\r\nabc\r\n0\r\nTrailer: x\r\n\r\n"), 400), (chunked("3\r\nabc\r\n0\r\n\n"), 400),
        (chunked("000000003\r\nabc\r\n0\r\n\r\n"), 400), (chunked("FFFFFFFF\r\n"), 413),
        (chunked("ffffffffffffffff1\r\nabc\r\n0\r\n\r\n"), 413),
    ]

    private static func chunked(_ body: String) -> String {
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + body
    }

    private static let smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"

    @Test func refusesAndClosesWithoutRunningWhatFollows() async throws {
        try await TestServer.with { server in
            for (bytes, status) in Self.refused {
                let client = try server.client()
                client.send(bytes + Self.smuggled)
                client.closeSendingHalf()
                let answer = try await client.readAll()
                #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(bytes.prefix(200).debugDescription): \(answer)")
                #expect(answer.lowercased().contains("\r\nconnection: close\r\n"))
                #expect(answer.components(of: "Connection: close") == 1, "\(bytes.prefix(200).debugDescription)")
            }
            #expect(server.responder.handled == [])
        }
    }

    @Test func refusesTheSameByteByByte() async throws {
        try await TestServer.with { server in
            for (bytes, status) in Self.refused where bytes.utf8.count < 200 {
                let client = try server.client()
                for byte in bytes.utf8 {
                    guard client.send([byte]) else { break }
                }
                client.closeSendingHalf()
                let answer = try await client.readAll()
                // The server may have closed so early that the kernel answered the rest with a reset.
                #expect(
                    answer.isEmpty || answer.hasPrefix("HTTP/1.1 \(status) "), "\(bytes.debugDescription): \(answer)")
            }
            #expect(server.responder.handled == [])
        }
    }

    @Test func refusesLatin1HeaderValues() async throws {
        try await TestServer.with { server in
            for byte: UInt8 in [0x80, 0x85, 0xE9, 0xFF] {
                let client = try server.client()
                client.send(Array("GET / HTTP/1.1\r\nHost: a\r\nX: b".utf8) + [byte] + Array("\r\n\r\n".utf8))
                #expect(try await client.readAll().hasPrefix("HTTP/1.1 400 "))
            }
            #expect(server.responder.handled == [])
        }
    }

    static let accepted: [(String, String)] = [
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / "),
        ("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / "),
        ("GET //x/./../%2e%2F;y?a=b?c HTTP/1.1\r\nHost: a\r\n\r\n", "GET //x/./../%2e%2F;y?a=b?c "),
        ("GET /? HTTP/1.1\r\nHost: [::1]:3393\r\n\r\n", "GET /? "),
        ("DELETE /a HTTP/1.1\r\nhOsT:a\r\nX:\t b \t\r\nY:\r\n\r\n", "DELETE /a "),
        ("BREW /a HTTP/1.1\r\nHost: a\r\nX: na\u{EF}ve \u{4E2D}\r\n\r\n", "BREW /a "),
        ("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", "GET / "),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 003\r\n\r\nabc", "POST / abc"),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Encoding: identity\r\nContent-Length: 3\r\n\r\nabc", "POST / abc"),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "POST / "),
        ("POST / HTTP/1.1\r\nHost: a\r\n\r\n", "POST / "),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0a\r\n0123456789\r\n0\r\n\r\n",
            "POST / abc0123456789"
        ),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "POST / "),
    ]

    @Test func acceptsWhatIsWellFormedWholeAndByteByByte() async throws {
        try await TestServer.with { server in
            let client = try server.client()
            for (bytes, body) in Self.accepted {
                client.send(bytes)
                #expect(try await client.readResponse().body == body)
                for byte in bytes.utf8 { client.send([byte]) }
                #expect(try await client.readResponse().body == body)
            }
        }
    }

    @Test func headersAreFoundByNameInAnyCase() async throws {
        let responder = TestResponder { request, exchange in
            let headers = request.headers
            let parts = [
                headers["X-ONE"] ?? "nil", headers["missing"] ?? "nil", headers.all("x-two").joined(separator: "|"),
                "\(headers.count(of: "X-Two"))", "\(headers.contains("hOST"))", "\(headers.count)",
                headers.bytes(of: "x-one").map { String(decoding: $0, as: UTF8.self) } ?? "nil", headers.pairs[1].name,
            ]
            exchange.send(status: .ok, body: [ByteBuffer(string: parts.joined(separator: ","))])
        }
        try await TestServer.with(responder) { server in
            let client = try server.client()
            client.send("GET / HTTP/1.1\r\nHost: a\r\nx-One:  v 1 \r\nX-Two: a\r\nx-two: b\r\n\r\n")
            #expect(try await client.readResponse().body == "v 1,nil,a|b,2,true,4,v 1,x-One")
        }
    }
}

extension String {
    /// How often `part` occurs.
    func components(of part: String) -> Int {
        var count = 0
        var rest = self[...]
        while let range = rest.firstRange(of: part) {
            count += 1
            rest = rest[range.upperBound...]
        }
        return count
    }
}
