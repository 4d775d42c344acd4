import GateHTTP
import NIOCore
import NIOHTTP1
import Synchronization
import Testing

@Suite struct ExchangeTests {
    private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

    @Test func pipelinedRequestsAreAnsweredInOrder() async throws {
        let running = Atomic<Int>(0)
        let responder = TestResponder { request, exchange in
            #expect(running.wrappingAdd(1, ordering: .relaxed).newValue == 1)
            // Leaves the event loop, so that a second request could overtake.
            await Task.detached {}.value
            running.wrappingSubtract(1, ordering: .relaxed)
            exchange.send(status: .ok, body: [ByteBuffer(string: request.path)])
        }
        try await TestServer.with(responder) { server in
            let client = try server.client()
            client.send((0..<200).map { "GET /\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
            for number in 0..<200 { #expect(try await client.readResponse().body == "/\(number)") }
        }
    }

    @Test func readsAheadOnlySoFar() async throws {
        let gate = Gate()
        let responder = TestResponder { request, exchange in
            if request.path == "/first" { await gate.wait() }
            exchange.send(status: .ok, body: [ByteBuffer(string: "\(request.path) \(request.body.readableBytes)")])
        }
        try await TestServer.with(responder) { server in
            let client = try server.client()
            client.send("GET /first HTTP/1.1\r\nHost: a\r\n\r\n")
            await gate.arrived()
            client.send(
                "POST /second HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n"
                    + String(repeating: "x", count: 1_000_000))
            gate.open()
            #expect(try await client.readResponse().body == "/first 0")
            #expect(try await client.readResponse().body == "/second 1000000")
        }
    }

    @Test func partsArriveWholeAndInOrder() async throws {
        let responder = TestResponder { request, exchange in
            exchange.send(
                status: .created, headers: ["X-A": "1", "x-b": "2"],
                body: [
                    ByteBuffer(string: "head"), ByteBuffer(), ByteBuffer(repeating: 0x78, count: 3_000_000),
                    ByteBuffer(string: "tail"),
                ])
        }
        try await TestServer.with(responder) { server in
            let client = try server.client()
            client.send(Self.get)
            let response = try await client.readResponse()
            #expect(response.status == 201)
            #expect(response.head.hasPrefix("HTTP/1.1 201 Created\r\n"))
            #expect(response["x-a"] == "1" && response["x-b"] == "2")
            #expect(response["content-length"] == "3000008")
            #expect(
                response.body.utf8.count == 3_000_008 && response.body.hasPrefix("headx")
                    && response.body.hasSuffix("xtail"))
        }
    }

    @Test func onlyTheFirstAnswerCounts() async throws {
        let results = Events<[Bool]>()
        let responder = TestResponder { request, exchange in
            let first = exchange.send(status: .ok, body: [ByteBuffer(string: "one")])
            let second = exchange.send(status: .ok, body: [ByteBuffer(string: "two")])
            let stream = exchange.startStream(status: .ok)
            results.add([first, second, stream.write(ByteBuffer(string: "three")), exchange.isAnswered])
        }
        try await TestServer.with(responder) { server in
            let client = try server.client()
            client.send(Self.get + Self.get)
            #expect(try await client.readResponse().body == "one")
            #expect(try await client.readResponse().body == "one")
            #expect(await results.next() == [true, false, false, true])
        }
    }

    @Test func aHandlerThatSaysNothingGivesA500() async throws {
        try await TestServer.with(TestResponder { _, _ in }) { server in
            let client = try server.client()
            client.send(Self.get)
            #expect(try await client.readResponse().status == 500)
            client.send(Self.get)
            #expect(try await client.readResponse().status == 500)
        }
    }

    @Test func answersMayComeFromAnyThread() async throws {
        let responder = TestResponder { request, exchange in
            await Task.detached { _ = exchange.send(status: .ok, body: [ByteBuffer(string: request.path)]) }.value
        }
        try await TestServer.with(responder, threads: 2) { server in
            let client = try server.client()
            for number in 0..<50 {
                client.send("GET /\(number) HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await client.readResponse().body == "/\(number)")
            }
        }
    }

    @Test func handlersRunOnTheEventLoopOfTheirConnection() async throws {
        let responder = TestResponder { request, exchange in
            let before = request.eventLoop.inEventLoop
            await Task.detached {}.value
            let after = request.eventLoop.inEventLoop
            exchange.send(status: .ok, body: [ByteBuffer(string: "\(before) \(after)")])
        }
        try await TestServer.with(responder, threads: 2) { server in
            for _ in 0..<4 {
                let client = try server.client()
                client.send(Self.get)
                #expect(try await client.readResponse().body == "true true")
            }
        }
    }

    @Test func headerFieldsThatWouldSplitTheResponseAreNotSent() async throws {
        for (name, value) in [
            ("X", "a\r\nEvil: 1"), ("X", "a\nb"), ("X", "a\u{0}"), ("X y", "a"), ("", "a"), ("X", "\u{2028}"),
        ] {
            let responder = TestResponder { request, exchange in
                if request.path == "/stream" {
                    exchange.startStream(status: .ok, headers: [name: value]).finish()
                } else {
                    exchange.send(status: .ok, headers: [name: value])
                }
            }
            try await TestServer.with(responder) { server in
                for path in ["/", "/stream"] {
                    let client = try server.client()
                    client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
                    let answer = try await client.readAll()
                    #expect(answer.hasPrefix("HTTP/1.1 500 "))
                    #expect(!answer.contains("Evil"))
                }
            }
        }
    }

    @Test func framingFieldsAreTheServersOwn() async throws {
        let responder = TestResponder { request, exchange in
            exchange.send(
                status: .ok,
                headers: ["content-length": "99", "Transfer-Encoding": "chunked", "Date": "x", "connection": "close"],
                body: [ByteBuffer(string: "abc")])
        }
        try await TestServer.with(responder) { server in
            let client = try server.client()
            client.send(Self.get)
            let response = try await client.readResponse()
            #expect(response["content-length"] == "3" && response["transfer-encoding"] == nil)
            #expect(response["date"] != "x" && response["connection"] == nil && response.body == "abc")
        }
    }

    @Test func headAnd204HaveNoBody() async throws {
        let responder = TestResponder { request, exchange in
            exchange.send(status: request.path == "/204" ? .noContent : .ok, body: [ByteBuffer(string: "abc")])
        }
        try await TestServer.with(responder) { server in
            let client = try server.client()
            client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET /204 HTTP/1.1\r\nHost: a\r\n\r\n" + Self.get)
            let head = try await client.readResponse(hasBody: false)
            #expect(head["content-length"] == "3")
            let empty = try await client.readResponse()
            #expect(empty.status == 204 && empty["content-length"] == nil)
            #expect(try await client.readResponse().body == "abc")
        }
    }

    @Test func connectionFollowsVersionAndField() async throws {
        try await TestServer.with { server in
            let old = try server.client()
            old.send("GET / HTTP/1.0\r\nHost: a\r\n\r\n")
            #expect(try await old.readAll().lowercased().contains("\r\nconnection: close\r\n"))
            let oldKept = try server.client()
            oldKept.send("GET / HTTP/1.0\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\n")
            #expect(try await oldKept.readResponse()["connection"] == "keep-alive")
            oldKept.send(
                "GET / HTTP/1.1\r\nHost: a\r\nConnection: foo , Close\r\n\r\nGET /never HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await oldKept.readAll().components(of: "HTTP/1.1 200 ") == 1)
            #expect(!server.responder.handled.contains("/never"))
        }
    }

    @Test func continueIsSentOnlyWhenTheBodyIsWanted() async throws {
        let responder = TestResponder(admit: { $0.path == "/no" ? HTTPRejection(status: .unauthorized) : nil })
        try await TestServer.with(responder) { server in
            let client = try server.client()
            client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 3\r\n\r\n")
            #expect(try await client.read(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
            client.send("abc")
            #expect(try await client.readResponse().body == "POST / abc")
            client.send("POST /no HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
            #expect(try await client.readAll().hasPrefix("HTTP/1.1 401 "))
            let large = try server.client()
            large.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9999999\r\n\r\n")
            #expect(try await large.readAll().hasPrefix("HTTP/1.1 413 "))
        }
    }

    @Test func rejectionComesBeforeTheBody() async throws {
        let responder = TestResponder(admit: { head in
            guard head.path != "/ok" else { return nil }
            return HTTPRejection(
                status: .forbidden, headers: ["X-Why": "host"], body: ByteBuffer(string: "no"), closesConnection: false)
        })
        try await TestServer.with(responder) { server in
            let client = try server.client()
            client.send("GET /no HTTP/1.1\r\nHost: a\r\n\r\nGET /ok HTTP/1.1\r\nHost: a\r\n\r\n")
            let rejected = try await client.readResponse()
            #expect(rejected.status == 403 && rejected["x-why"] == "host" && rejected.body == "no")
            #expect(try await client.readResponse().status == 200)
            // The body is never read; what looks like a request in it never runs.
            client.send(
                "POST /no HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nGET /ok?smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
            )
            #expect(try await client.readAll().hasPrefix("HTTP/1.1 403 "))
            #expect(responder.handled == ["/ok"])
        }
    }
}
