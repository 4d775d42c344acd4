import GateCore

/// Which token is used, and when another is fetched: one request at a time, whoever needs it. A value: no I/O, no clock.
struct TokenCache {
    /// What a request does that needs a token.
    enum Need: Equatable {
        /// `fetches`: a new one is to be fetched behind its back, because this one ends soon.
        case use(AccessToken, fetches: Bool)
        /// A token is on its way; `fetches`: it is to be fetched.
        case wait(fetches: Bool)
        case refuse(TokenFailure)
    }

    private struct Held {
        var token: AccessToken
        var refreshAt: Instant
        var end: Instant
    }

    /// A token is renewed this long before its end, or a tenth of its life if that is shorter.
    static let margin = Duration.seconds(30)
    /// How often a server's refusal of a token may cause a new one: a server that refuses each must not have the token server flooded.
    static let pauseBetweenRefusals = Duration.seconds(10)
    static let maxWaiting = 1_024

    private var held: Held?
    private(set) var isFetching = false
    private var backoff = Backoff(initial: .seconds(1), maximum: .seconds(30))
    private var failure: (reason: TokenFailure, until: Instant)?
    private var nextRefusal: Instant?
    private var lastNumber = 0

    mutating func need(waiting: Int, now: Instant) -> Need {
        let mayFetch = !isFetching && failure.map { now >= $0.until } ?? true
        if let held, now < held.end {
            let fetches = now >= held.refreshAt && mayFetch
            if fetches { isFetching = true }
            return .use(held.token, fetches: fetches)
        }
        if isFetching {
            guard waiting < TokenCache.maxWaiting else {
                return .refuse(TokenFailure("\(waiting) other calls already wait for it"))
            }
            return .wait(fetches: false)
        }
        if let failure, now < failure.until {
            var reason = failure.reason
            reason.retryAfter = now.duration(to: failure.until)
            return .refuse(reason)
        }
        isFetching = true
        return .wait(fetches: true)
    }

    /// The fetch is over.
    /// - Returns: what those who wait get.
    mutating func fetched(
        _ result: Result<TokenReply.Grant, TokenFailure>, now: Instant, random: Double
    ) -> Result<AccessToken, TokenFailure> {
        isFetching = false
        switch result {
        case .success(let grant):
            failure = nil
            backoff.reset()
            lastNumber += 1
            let token = AccessToken(authorization: grant.authorization, number: lastNumber)
            let end = now.advanced(by: grant.lifetime)
            let margin = min(TokenCache.margin, grant.lifetime / 10)
            held = Held(token: token, refreshAt: end.advanced(by: .zero - margin), end: end)
            return .success(token)
        case .failure(var reason):
            let pause = backoff.next(random: random)
            failure = (reason, now.advanced(by: pause))
            reason.retryAfter = pause
            return .failure(reason)
        }
    }

    /// The server has refused the token (HTTP 401).
    /// - Returns: whether a new one is to be fetched.
    mutating func refused(_ token: AccessToken, now: Instant) -> Bool {
        guard held?.token.number == token.number else { return false }
        if isFetching {
            held = nil
            return false
        }
        guard nextRefusal.map({ now >= $0 }) ?? true, failure.map({ now >= $0.until }) ?? true else { return false }
        nextRefusal = now.advanced(by: TokenCache.pauseBetweenRefusals)
        held = nil
        isFetching = true
        return true
    }
}
