import GateCore
import GateHTTP
import Logging
import NIOCore
import NIOPosix
import Testing

/// A running server on a port of its own, for the time of one test. The timers run only when the test sweeps.
struct TestServer {
    let server: HTTPServer
    let responder: TestResponder
    let port: Int
    let start: NIODeadline
    let budget: MemoryBudget

    func client(receiveBufferBytes: Int32? = nil) throws -> RawClient {
        try RawClient(port: port, receiveBufferBytes: receiveBufferBytes)
    }

    /// Checks the timers as if this much time had passed since the start.
    func sweep(after time: TimeAmount) async { await server.sweep(now: start + time) }

    static func with(
        _ responder: TestResponder = TestResponder(), threads: Int = 1, budget: MemoryBudget = MemoryBudget(),
        configure: (inout HTTPServerConfiguration) -> Void = { _ in }, _ body: (TestServer) async throws -> Void
    ) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
        var configuration = HTTPServerConfiguration(
            addresses: [HTTPBindAddress(host: "127.0.0.1", port: 0)], sweepInterval: nil)
        configure(&configuration)
        let server = HTTPServer(
            configuration: configuration, group: group, budget: budget, responder: responder,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        let start = NIODeadline.now()
        let bound = try await server.start()
        let port = try #require(bound.first?.port)
        var failure: (any Error)?
        do {
            try await body(TestServer(server: server, responder: responder, port: port, start: start, budget: budget))
        } catch {
            failure = error
        }
        await server.stop(grace: .zero)
        #expect(server.connectionCount == 0)
        try await group.shutdownGracefully()
        if let failure { throw failure }
    }
}
