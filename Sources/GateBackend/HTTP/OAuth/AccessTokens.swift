package import GateCore
import GateCurl
import Synchronization

/// The access tokens of one backend, for all its instances: fetched when the first request needs one, kept until shortly before their
/// end. Nobody else gets them, and the credentials go to the token server alone.
package final class AccessTokens: Sendable {
    typealias Use = @Sendable (Result<AccessToken, TokenFailure>) -> Void

    private struct State {
        var cache = TokenCache()
        var waiting: [Use] = []
        /// Lives as long as its one request, so that connections to a token server are never shared.
        var agent: CurlAgent?
    }

    private let client: OAuthClient
    private let now: @Sendable () -> Instant
    private let state = Mutex(State())

    package init(_ client: OAuthClient, now: @escaping @Sendable () -> Instant = { .now }) {
        self.client = client
        self.now = now
    }

    /// Hands over a token, or says why there is none: at once, or on another thread when one had to be fetched.
    func use(_ use: @escaping Use) {
        let need = state.withLock { state in
            let need = state.cache.need(waiting: state.waiting.count, now: now())
            if case .wait = need { state.waiting.append(use) }
            return need
        }
        switch need {
        case .use(let token, let fetches):
            if fetches { fetch() }
            use(.success(token))
        case .wait(let fetches): if fetches { fetch() }
        case .refuse(let failure): use(.failure(described(failure)))
        }
    }

    /// Waits until there is a token.
    func ready() async throws(TokenFailure) {
        let result = await withCheckedContinuation { continuation in use { continuation.resume(returning: $0) } }
        _ = try result.get()
    }

    /// The server answered 401 to a request with this token: it is not used again, and the next one is fetched.
    func refused(_ token: AccessToken) {
        if state.withLock({ $0.cache.refused(token, now: now()) }) { fetch() }
    }

    private func fetch() {
        do throws(CurlError) {
            var options = CurlAgentOptions()
            options.name = "oauth"
            let agent = try CurlAgent(options: options)
            state.withLock { $0.agent = agent }
            agent.start(client.request, sink: TokenSink(tokens: self))
        } catch {
            finished(.failure(TokenFailure(error.message)))
        }
    }

    fileprivate func finished(_ result: Result<TokenReply.Grant, TokenFailure>) {
        let random = Double.random(in: 0..<1)
        let (waiting, outcome, agent) = state.withLock { state in
            defer {
                state.waiting = []
                state.agent = nil
            }
            return (state.waiting, state.cache.fetched(result, now: now(), random: random), state.agent)
        }
        for use in waiting { use(outcome.mapError(described)) }
        withExtendedLifetime(agent) {}
    }

    private func described(_ failure: TokenFailure) -> TokenFailure {
        var text = failure.reason
        while text.utf8.last == UInt8(ascii: ".") { text.removeLast() }
        var described = TokenFailure("no access token could be had from \(client.shownURL): \(text)")
        described.retryAfter = failure.retryAfter
        return described
    }
}

/// The one exchange with the token server.
private final class TokenSink: CurlSink {
    private let tokens: AccessTokens
    private let reply = Mutex<(status: Int, body: [UInt8])>((0, []))

    init(tokens: AccessTokens) { self.tokens = tokens }

    func head(_ head: CurlResponseHead) { reply.withLock { $0.status = head.status } }

    func body(_ bytes: UnsafeRawBufferPointer) -> CurlFlow {
        reply.withLock { $0.body.append(contentsOf: bytes) }
        return .proceed
    }

    func finished(_ error: CurlError?) {
        let (status, body) = reply.withLock { ($0.status, $0.body) }
        if let error { return tokens.finished(.failure(TokenFailure(error.message))) }
        do throws(TokenFailure) {
            tokens.finished(.success(try TokenReply.read(status: status, body: body)))
        } catch {
            tokens.finished(.failure(error))
        }
    }
}
