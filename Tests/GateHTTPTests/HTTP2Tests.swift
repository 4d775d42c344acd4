import GateHTTP
import GateTLS
import GateTestKit
import NIOCore
import NIOHTTP1
import Synchronization
import Testing

/// HTTP/2 over TLS, frame by frame.
@Suite(.serialized) struct HTTP2Tests {
    private let directory: TemporaryDirectory
    private let source: TLSSource
    private let options: TLSTestClient.Options

    init() async throws {
        directory = try TemporaryDirectory()
        let authority = try await TestAuthority(in: directory)
        let own = try await authority.issue("own", ["DNS:localhost"])
        source = try TLSSource(TLSFiles(certificate: own.certificate, key: own.key))
        options = TLSTestClient.Options(authority: authority.certificate)
    }

    private func with(
        _ responder: TestResponder = TestResponder(), configure: (inout HTTPServerConfiguration) -> Void = { _ in },
        _ body: (TestServer) async throws -> Void
    ) async throws {
        try await TestServer.with(
            responder,
            configure: {
                $0.tls = source
                configure(&$0)
            }, body)
    }

    private func client(_ server: TestServer, window: UInt32 = 1 << 20) async throws -> HTTP2TestClient {
        try await offPool {
            try HTTP2TestClient(
                port: UInt16(server.port), authority: "localhost:\(server.port)", tls: options, window: window)
        }
    }

    @Test func requestsAreAnswered() async throws {
        try await with { server in
            let client = try await client(server)
            try await offPool {
                let get = try #require(client.reply(client.request("GET", "/a?b=c")))
                #expect(get.status == 200 && get.text == "GET /a?b=c " && get.headers["content-length"] == "11")
                #expect(get.headers["date"]?.hasSuffix(" GMT") == true && get.headers["connection"] == nil)
                let post = try #require(client.reply(client.request("POST", "/p", body: Array("hello".utf8))))
                #expect(post.text == "POST /p hello")
                let large = [UInt8](repeating: 65, count: 300_000)
                // More than the window that a server grants without having read.
                let echoed = try #require(
                    client.reply(client.request("POST", "/l", body: [UInt8](large.prefix(60_000)))))
                #expect(echoed.body == Array("POST /l ".utf8) + large.prefix(60_000))
                let head = try #require(client.reply(client.request("HEAD", "/h")))
                #expect(head.status == 200 && head.body.isEmpty && head.headers["content-length"] == "8")
            }
        }
    }

    /// Answers leave in the order in which they are ready, and each on its own stream.
    @Test func requestsOfOneConnectionDoNotWaitForEachOther() async throws {
        let gates = (0..<20).map { _ in Gate() }
        let responder = TestResponder { request, exchange in
            let number = Int(request.path.dropFirst()) ?? 0
            await gates[number].wait()
            exchange.send(status: .ok, body: [ByteBuffer(string: "\(number)")])
        }
        try await with(responder) { server in
            let client = try await client(server)
            let streams = try await offPool { (0..<20).map { client.request("GET", "/\($0)") } }
            for gate in gates { await gate.arrived() }
            for number in (0..<20).reversed() {
                gates[number].open()
                let reply = try await offPool { client.reply(streams[number]) }
                #expect(reply?.text == "\(number)")
            }
        }
    }

    @Test func aBodyBeyondTheLimitIsRefusedAndTheConnectionGoesOn() async throws {
        try await with(configure: { $0.limits.maxBodyBytes = 20_000 }) { server in
            let client = try await client(server)
            try await offPool {
                let refused = try #require(
                    client.reply(client.request("POST", "/", body: [UInt8](repeating: 1, count: 20_001))))
                #expect(refused.status == 413)
                #expect(client.reply(client.request("GET", "/next"))?.status == 200)
            }
            #expect(server.responder.handled == ["/next"])
        }
    }

    @Test func aBadHeadIsRefusedAndTheConnectionGoesOn() async throws {
        try await with { server in
            let client = try await client(server)
            try await offPool {
                let bad = client.head(client.usual("GET", "/") + [("host", "evil.test")], ends: true)
                #expect(client.reply(bad)?.status == 400)
                #expect(client.reply(client.request("GET", "/next"))?.status == 200)
            }
        }
    }

    @Test func aCancelledRequestIsToldToItsHandlerAlone() async throws {
        let reasons = Events<HTTPCloseReason>()
        let responder = TestResponder { request, exchange in
            guard request.path == "/long" else {
                exchange.send(status: .ok, body: [ByteBuffer(string: "ok")])
                return
            }
            exchange.onClose { reasons.add($0) }
            exchange.startStream(status: .ok).write(ByteBuffer(string: "begun"))
        }
        try await with(responder) { server in
            let client = try await client(server)
            try await offPool {
                let long = client.request("GET", "/long")
                #expect(client.reply(long, until: { $0.text == "begun" })?.status == 200)
                client.cancel(long)
            }
            #expect(await reasons.next() == .clientGone)
            let next = try await offPool { client.reply(client.request("GET", "/next")) }
            #expect(next?.text == "ok")
        }
    }

    @Test func aStreamEndsWithItsLastMessage() async throws {
        let responder = TestResponder { _, exchange in
            let stream = exchange.startStream(status: .ok, headers: ["Content-Type": "text/event-stream"])
            for number in 0..<100 { stream.write(ByteBuffer(string: "data: \(number)\n\n")) }
            stream.finish(with: ByteBuffer(string: "end"))
        }
        try await with(responder) { server in
            let client = try await client(server)
            let reply = try await offPool { client.reply(client.request("GET", "/events")) }
            #expect(reply?.text == (0..<100).map { "data: \($0)\n\n" }.joined() + "end")
            #expect(reply?.headers["content-type"] == "text/event-stream" && reply?.headers["transfer-encoding"] == nil)
        }
    }

    @Test func aClientThatTakesNothingIsCutOffOnThatStreamAlone() async throws {
        let reasons = Events<HTTPCloseReason>()
        let responder = TestResponder { request, exchange in
            guard request.path == "/large" else {
                exchange.send(status: .ok, body: [ByteBuffer(string: "ok")])
                return
            }
            exchange.onClose { reasons.add($0) }
            let stream = exchange.startStream(status: .ok)
            stream.write(large: ByteBuffer(repeating: 1, count: 500_000))
        }
        try await with(responder) { server in
            let client = try await client(server, window: 1_000)
            let large = try await offPool { () -> UInt32 in
                let stream = client.request("GET", "/large")
                #expect(client.reply(stream, until: { $0.body.count == 1_000 }) != nil)
                return stream
            }
            await server.sweep(after: .seconds(1))
            await server.sweep(after: .seconds(22))
            #expect(await reasons.next() == .writeStalled)
            try await offPool {
                #expect(client.reply(large)?.resetCode != nil)
                #expect(client.reply(client.request("GET", "/next"))?.text == "ok")
            }
        }
    }

    @Test func slowBodiesAndIdleConnectionsEnd() async throws {
        try await with { server in
            let client = try await client(server)
            try await offPool {
                let slow = client.head(client.usual("POST", "/slow"), ends: false)
                client.send(HTTP2TestClient.data, stream: slow, [1, 2, 3])
                #expect(client.reply(client.request("GET", "/settle"))?.status == 200)
            }
            await server.sweep(after: .seconds(31))
            try await offPool { #expect(client.reply(1)?.status == 408) }
            // The stream that was answered early is given up, then the connection.
            await server.sweep(after: .seconds(40))
            await server.sweep(after: .seconds(110))
            try await offPool { client.readToEnd() }
            #expect(client.goAwayCode == 0)
            #expect(server.server.connectionCount == 0)
        }
    }

    @Test func aServerThatDrainsSendsItsClientsElsewhere() async throws {
        try await with { server in
            let client = try await client(server)
            try await offPool { #expect(client.reply(client.request("GET", "/one"))?.status == 200) }
            await server.server.beginDraining()
            try await offPool {
                #expect(client.reply(client.request("GET", "/two"))?.status == 200)
                client.readToEnd()
                #expect(client.goAwayCode == 0)
            }
        }
    }

    @Test func aFloodOfResetStreamsEndsTheConnectionAlone() async throws {
        try await with { server in
            let flood = try await client(server)
            try await offPool {
                for _ in 0..<2_000 { flood.cancel(flood.request("GET", "/flood")) }
                flood.readToEnd()
            }
            #expect(flood.goAwayCode != nil && flood.goAwayCode != 0)
            let other = try await client(server)
            let reply = try await offPool { other.reply(other.request("GET", "/other")) }
            #expect(reply?.status == 200)
        }
    }

    @Test func moreRequestsAtOnceThanAreTakenEndTheConnectionAlone() async throws {
        let gate = Gate()
        let responder = TestResponder { request, exchange in
            if request.path != "/other" { await gate.wait() }
            exchange.send(status: .ok)
        }
        try await with(responder) { server in
            let greedy = try await client(server)
            try await offPool {
                for number in 0..<101 { _ = greedy.request("GET", "/\(number)") }
                greedy.readToEnd()
            }
            #expect(greedy.goAwayCode == 1)
            let other = try await client(server)
            let reply = try await offPool { other.reply(other.request("GET", "/other")) }
            #expect(reply?.status == 200)
            gate.open()
        }
    }
}
