import GateHTTP
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Testing

@Suite struct ServerTests {
    private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

    private func makeServer(_ group: MultiThreadedEventLoopGroup, _ addresses: [HTTPBindAddress]) -> HTTPServer {
        HTTPServer(
            configuration: HTTPServerConfiguration(addresses: addresses), group: group, responder: TestResponder(),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    @Test func reportsAPortThatIsTaken() async throws {
        try await TestServer.with { running in
            let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
            let address = HTTPBindAddress(host: "127.0.0.1", port: running.port)
            let server = makeServer(group, [HTTPBindAddress(host: "127.0.0.1", port: 0), address])
            await #expect(throws: HTTPServerError.portInUse(address)) { try await server.start() }
            #expect(
                "\(HTTPServerError.portInUse(address))".hasPrefix(
                    "port \(running.port) is in use (127.0.0.1:\(running.port))"))
            await #expect(throws: HTTPServerError.alreadyStarted) { try await server.start() }
            await server.stop(grace: .zero)
            try await group.shutdownGracefully()
        }
    }

    @Test func leavesOutOptionalAddressesTheMachineDoesNotHave() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        // 192.0.2.0/24 is reserved for documentation.
        let foreign = HTTPBindAddress(host: "192.0.2.1", port: 0)
        let strict = makeServer(group, [foreign])
        await #expect(throws: HTTPServerError.addressNotAvailable(foreign)) { try await strict.start() }
        let lenient = makeServer(
            group,
            [
                HTTPBindAddress(host: "192.0.2.1", port: 0, isOptional: true),
                HTTPBindAddress(host: "127.0.0.1", port: 0),
            ])
        let bound = try await lenient.start()
        #expect(bound.map(\.host) == ["127.0.0.1"] && bound.allSatisfy { $0.port > 0 })
        await lenient.stop(grace: .zero)
        try await group.shutdownGracefully()
    }

    @Test func gracefulStopFinishesWhatIsInFlight() async throws {
        let gate = Gate()
        let responder = TestResponder { request, exchange in
            if request.path == "/slow" { await gate.wait() }
            exchange.send(status: .ok, body: [ByteBuffer(string: "done")])
        }
        try await TestServer.with(responder) { server in
            let idle = try server.client()
            idle.send(Self.get)
            #expect(try await idle.readResponse().status == 200)
            let busy = try server.client()
            busy.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            await gate.arrived()
            async let stopped: Void = server.server.stop(grace: .seconds(30))
            #expect(try await idle.readAll() == "")
            #expect(throws: RawClient.Failure.self) { _ = try server.client() }
            gate.open()
            let answer = try await busy.readAll()
            #expect(answer.hasSuffix("done") && answer.lowercased().contains("\r\nconnection: close\r\n"))
            busy.close()
            await stopped
            #expect(server.server.connectionCount == 0)
        }
    }

    /// Before it stops it still listens and answers, and sends everybody away with the answer.
    @Test func drainingAnswersAndClosesConnectionsOldAndNew() async throws {
        try await TestServer.with(threads: 2) { server in
            let old = try server.client()
            old.send(Self.get)
            #expect(try await old.readResponse()["connection"] == nil)
            await server.server.beginDraining()
            old.send(Self.get)
            let last = try await old.readResponse()
            #expect(last.status == 200)
            #expect(last["connection"] == "close")
            #expect(try await old.readAll() == "")
            let new = try server.client()
            new.send(Self.get)
            let first = try await new.readResponse()
            #expect(first.status == 200)
            #expect(first["connection"] == "close")
        }
    }

    @Test func gracefulStopTellsStreams() async throws {
        let responder = TestResponder { request, exchange in
            let stream = exchange.startStream(status: .ok)
            exchange.onShutdown {
                stream.write(ByteBuffer(string: "bye"))
                stream.finish()
            }
        }
        try await TestServer.with(responder) { server in
            let client = try server.client()
            client.send(Self.get)
            _ = try await client.read(until: "\r\n\r\n")
            async let stopped: Void = server.server.stop(grace: .seconds(30))
            #expect(try await client.readAll() == "3\r\nbye\r\n0\r\n\r\n")
            client.close()
            await stopped
        }
    }

    @Test func theDeadlineCutsTheRest() async throws {
        let closes = Events<HTTPCloseReason>()
        let gate = Gate()
        let responder = TestResponder { request, exchange in
            exchange.onClose { closes.add($0) }
            await gate.wait()
        }
        try await TestServer.with(responder) { server in
            let client = try server.client()
            client.send(Self.get)
            await gate.arrived()
            await server.server.stop(grace: .milliseconds(20))
            #expect(await closes.next() == .serverStopped)
            #expect(try await client.readAll() == "")
            gate.open()
        }
    }

    @Test func listensOnBothLoopbackAddresses() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let server = makeServer(
            group,
            [HTTPBindAddress(host: "127.0.0.1", port: 0), HTTPBindAddress(host: "::1", port: 0, isOptional: true)])
        let bound = try await server.start()
        let first = try #require(bound.first)
        let client = try RawClient(port: first.port)
        client.send(Self.get)
        #expect(try await client.readResponse().status == 200)
        #expect(Set(bound.map(\.host)).isSubset(of: ["127.0.0.1", "::1"]))
        client.close()
        await server.stop(grace: .seconds(1))
        try await group.shutdownGracefully()
    }
}
