package import NIOCore
package import NIOHTTP1
import Synchronization

/// The answer to one request: either `send` or `startStream`, once. Usable from any thread.
package final class HTTPExchange: Sendable {
    private enum Phase {
        case waiting
        case responding
        case done
        case gone(HTTPCloseReason)
    }

    private struct State {
        var phase = Phase.waiting
        var isStopping = false
        var onClose: (@Sendable (HTTPCloseReason) -> Void)?
        var onShutdown: (@Sendable () -> Void)?
        var onEnd: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())
    private let carrier: any HTTPCarrier
    let isHead: Bool
    let isHTTP11: Bool
    let keepAlive: Bool

    init(carrier: any HTTPCarrier, head: HTTPHead, keepAlive: Bool) {
        self.carrier = carrier
        self.isHead = head.method == .HEAD
        self.isHTTP11 = head.isHTTP11
        self.keepAlive = keepAlive
    }

    /// The event loop of the connection.
    package var eventLoop: any EventLoop { carrier.shared.eventLoop }

    /// Whether a response was begun or the client has gone, so that nothing more can be answered.
    package var isAnswered: Bool {
        state.withLock { if case .waiting = $0.phase { false } else { true } }
    }

    /// Sends a whole response. `Content-Length`, `Date` and `Connection` are added. The parts are written as they are, in
    /// one system call with the head. Header fields that would break the framing turn the response into a 500.
    /// - Parameter closesConnection: whether the connection is closed behind the response.
    /// - Returns: false when a response was begun before or the client has gone; nothing is sent then.
    @discardableResult
    package func send(
        status: HTTPResponseStatus, headers: HTTPHeaders = [:], body: [ByteBuffer] = [], closesConnection: Bool = false
    ) -> Bool {
        guard claim() else { return false }
        if eventLoop.inEventLoop {
            carrier.respond(self, status: status, headers: headers, body: body, closes: closesConnection)
        } else {
            eventLoop.execute {
                self.carrier.respond(self, status: status, headers: headers, body: body, closes: closesConnection)
            }
        }
        return true
    }

    /// Starts a response whose body is written piece by piece, with chunked transfer encoding; to an HTTP/1.0 client it ends with
    /// the connection. When a response was begun before or the client has gone, the returned stream takes nothing.
    package func startStream(status: HTTPResponseStatus, headers: HTTPHeaders = [:]) -> HTTPBodyStream {
        let stream = HTTPBodyStream(carrier: carrier, exchange: self)
        guard claim() else {
            stream.end()
            return stream
        }
        if eventLoop.inEventLoop {
            carrier.startStream(stream, for: self, status: status, headers: headers)
        } else {
            eventLoop.execute { self.carrier.startStream(stream, for: self, status: status, headers: headers) }
        }
        return stream
    }

    /// Sets what is called, once and on the event loop, when the response cannot be finished any more. It is called at once when
    /// that is already so, and never after a response that was handed over completely.
    package func onClose(_ body: @escaping @Sendable (HTTPCloseReason) -> Void) {
        let reason: HTTPCloseReason? = state.withLock { state in
            switch state.phase {
            case .gone(let reason): return reason
            case .done: return nil
            case .waiting, .responding:
                state.onClose = body
                return nil
            }
        }
        if let reason { body(reason) }
    }

    /// Sets what is called, once, when the server begins its graceful stop while this response is not finished: the place to end a
    /// stream. It is called at once when the stop has begun.
    package func onShutdown(_ body: @escaping @Sendable () -> Void) {
        let isStopping = state.withLock { state in
            switch state.phase {
            case .gone, .done: return false
            case .waiting, .responding:
                if !state.isStopping { state.onShutdown = body }
                return state.isStopping
            }
        }
        if isStopping { body() }
    }

    /// Sets what is called, once, when the response is finished or cannot be any more; at once when that is already so.
    package func onEnd(_ body: @escaping @Sendable () -> Void) {
        let isOver = state.withLock { state in
            switch state.phase {
            case .gone, .done: return true
            case .waiting, .responding:
                state.onEnd = body
                return false
            }
        }
        if isOver { body() }
    }

    /// Cuts the connection while the response is not finished.
    package func abort(_ reason: HTTPCloseReason) {
        if eventLoop.inEventLoop {
            carrier.abort(self, reason)
        } else {
            eventLoop.execute { self.carrier.abort(self, reason) }
        }
    }

    private func claim() -> Bool {
        state.withLock { state in
            guard case .waiting = state.phase else { return false }
            state.phase = .responding
            return true
        }
    }

    /// The handler is through; whatever it was, the client gets an answer.
    func handlerReturned() {
        guard !isAnswered else { return }
        let response = carrier.shared.responder.errorResponse(
            .internalServerError, reason: "the request was not answered")
        send(status: .internalServerError, headers: response.headers, body: [response.body])
    }

    func finished() {
        let dropped = state.withLock { state in
            let dropped = (state.onClose, state.onShutdown, state.onEnd)
            state.phase = .done
            state.onClose = nil
            state.onShutdown = nil
            state.onEnd = nil
            return dropped
        }
        // The callbacks are released outside the lock: what they hold may come back here when it goes.
        dropped.2?()
    }

    func closed(_ reason: HTTPCloseReason) {
        let callbacks = state.withLock { state in
            defer {
                state.onClose = nil
                state.onShutdown = nil
                state.onEnd = nil
            }
            switch state.phase {
            case .done, .gone: return State()
            case .waiting, .responding:
                let callbacks = state
                state.phase = .gone(reason)
                return callbacks
            }
        }
        callbacks.onClose?(reason)
        callbacks.onEnd?()
    }

    func shuttingDown() {
        let onShutdown = state.withLock { state in
            state.isStopping = true
            defer { state.onShutdown = nil }
            return state.onShutdown
        }
        onShutdown?()
    }
}
