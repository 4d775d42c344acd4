import GateHTTP
import NIOCore
import NIOHTTP1
import Synchronization

/// A responder made of closures that remembers what it was asked.
final class TestResponder: HTTPResponder {
    typealias Handler = @Sendable (HTTPRequest, HTTPExchange) async -> Void

    private let handler: Handler
    private let guardian: @Sendable (HTTPHead) -> HTTPRejection?
    private let targets = Mutex<[String]>([])

    init(
        admit: @escaping @Sendable (HTTPHead) -> HTTPRejection?, _ handler: @escaping Handler = TestResponder.describe
    ) {
        self.guardian = admit
        self.handler = handler
    }

    convenience init(_ handler: @escaping Handler = TestResponder.describe) {
        self.init(admit: { _ in nil }, handler)
    }

    /// The targets of the requests that reached the handler.
    var handled: [String] { targets.withLock { $0 } }

    func admit(_ head: HTTPHead, peer: HTTPPeer) -> HTTPRejection? { guardian(head) }

    func respond(to request: HTTPRequest, on exchange: HTTPExchange) async {
        targets.withLock { $0.append(request.head.target) }
        await handler(request, exchange)
    }

    /// Answers with the method, the target and the body.
    static let describe: Handler = { request, exchange in
        var body = ByteBuffer(string: "\(request.method.rawValue) \(request.head.target) ")
        body.writeImmutableBuffer(request.body)
        exchange.send(status: .ok, headers: ["Content-Type": "text/plain"], body: [body])
    }
}
