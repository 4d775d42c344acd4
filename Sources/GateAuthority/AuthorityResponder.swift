import GateCore
package import GateHTTP
import GateLicense
import GateProtocol
package import Logging
import NIOCore
package import NIOHTTP1
import Synchronization

/// The three routes of an authority. Requests come from programs: JSON by POST, no browsers, no compression.
package final class AuthorityResponder: HTTPResponder {
    private struct State {
        var failures = FailureBudget(perMinute: AuthorityResponder.failuresPerMinute)
        var inFlight = 0
    }

    /// Wrong keys that one address may try in a minute.
    package static let failuresPerMinute = 10
    /// Requests that wait for the database.
    private static let mostInFlight = 64
    private static let routes: Set<String> = ["/v1/activate", "/v1/heartbeat", "/v1/deactivate"]

    private let authority: Authority
    private let logger: Logger
    /// Seconds since 1970.
    private let now: @Sendable () -> Int
    private let state = Mutex(State())

    package init(authority: Authority, logger: Logger, now: @escaping @Sendable () -> Int) {
        self.authority = authority
        self.logger = logger
        self.now = now
    }

    package func admit(_ head: HTTPHead, peer: HTTPPeer) -> HTTPRejection? {
        func no(_ status: HTTPResponseStatus, _ reason: String, _ more: HTTPHeaders = [:]) -> HTTPRejection {
            let answer = errorResponse(status, reason: reason)
            var headers = answer.headers
            headers.add(contentsOf: more)
            return HTTPRejection(status: status, headers: headers, body: answer.body)
        }
        guard AuthorityResponder.routes.contains(head.path), head.query == nil else {
            return no(
                .notFound,
                "there is nothing here; an authority answers at /v1/activate, /v1/heartbeat and /v1/deactivate")
        }
        guard head.method == .POST else { return no(.methodNotAllowed, "use POST", ["Allow": "POST"]) }
        guard !head.headers.contains("Origin") else { return no(.forbidden, "browsers have no business here") }
        let type = head.headers["Content-Type"]?.lowercased() ?? ""
        guard type == "application/json" || type.hasPrefix("application/json;"),
            !head.headers.contains("Content-Encoding")
        else { return no(.unsupportedMediaType, "send application/json, not compressed") }
        if head.path == "/v1/activate",
            let wait = state.withLock({ $0.failures.wait(peer.ip, now: .now) })
        {
            let seconds = max(1, Int(wait.components.seconds) + 1)
            return rejection(
                AuthorityRefusal(.rateLimited, "too many wrong license keys; try again in \(seconds) seconds"), seconds)
        }
        return nil
    }

    package func respond(to request: HTTPRequest, on exchange: HTTPExchange) async {
        let hasRoom = state.withLock { state in
            guard state.inFlight < AuthorityResponder.mostInFlight else { return false }
            state.inFlight += 1
            return true
        }
        guard hasRoom else { return refuse(AuthorityRefusal(.unavailable, "too many requests at once"), on: exchange) }
        defer { state.withLock { $0.inFlight -= 1 } }
        do {
            let delivery = try await answer(request.path, Array(request.body.readableBytesView))
            exchange.send(
                status: .ok, headers: AuthorityResponder.headers, body: [ByteBuffer(bytes: delivery.bytes)])
        } catch let error as WireError {
            refuse(AuthorityRefusal(.badRequest, "\(error)"), on: exchange)
        } catch let refusal as AuthorityRefusal {
            if refusal.code == .licenseUnknown {
                state.withLock { $0.failures.failed(request.peer.ip, now: .now) }
            }
            logger.notice("refused \(request.path) of \(request.peer.ip): \(refusal.code.rawValue)")
            refuse(refusal, on: exchange)
        } catch {
            logger.error("\(request.path): \(Authority.failure(error))")
            refuse(AuthorityRefusal(.unavailable, "the authority cannot answer now"), on: exchange)
        }
    }

    private func answer(_ path: String, _ body: [UInt8]) async throws -> Delivery {
        switch path {
        case "/v1/activate": try await authority.activate(ActivationRequest(bytes: body), now: now())
        case "/v1/heartbeat": try await authority.heartbeat(HeartbeatRequest(bytes: body), now: now())
        default: try await authority.deactivate(DeactivationRequest(bytes: body), now: now())
        }
    }

    private static let headers: HTTPHeaders = ["Content-Type": "application/json", "Cache-Control": "no-store"]

    private func refuse(_ refusal: AuthorityRefusal, on exchange: HTTPExchange) {
        let answer = rejection(refusal, nil)
        exchange.send(status: answer.status, headers: answer.headers, body: [answer.body])
    }

    private func rejection(_ refusal: AuthorityRefusal, _ retryAfter: Int?) -> HTTPRejection {
        let status: HTTPResponseStatus =
            switch refusal.code {
            case .badRequest: .badRequest
            case .licenseUnknown, .instanceUnknown: .notFound
            case .licenseRevoked, .licenseExpired: .forbidden
            case .seatsTaken: .conflict
            case .rateLimited: .tooManyRequests
            case .unavailable: .serviceUnavailable
            }
        var headers = AuthorityResponder.headers
        if let retryAfter { headers.add(name: "Retry-After", value: String(retryAfter)) }
        return HTTPRejection(status: status, headers: headers, body: ByteBuffer(bytes: refusal.bytes))
    }

    package func errorResponse(_ status: HTTPResponseStatus, reason: String) -> HTTPErrorResponse {
        let code: AuthorityRefusal.Code = status.code >= 500 ? .unavailable : .badRequest
        return HTTPErrorResponse(
            headers: AuthorityResponder.headers, body: ByteBuffer(bytes: AuthorityRefusal(code, reason).bytes))
    }
}
