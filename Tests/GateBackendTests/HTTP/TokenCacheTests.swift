import GateCore
import GateCurl
import Testing

@testable import GateBackend

/// Which token is used and when another is fetched, with the clock in the test's hand.
@Suite struct TokenCacheTests {
    private let start = Instant.now

    private func at(_ seconds: Double) -> Instant { start.advanced(by: .milliseconds(Int64(seconds * 1_000))) }

    private func grant(_ text: String = "a", _ seconds: Int) -> Result<TokenReply.Grant, TokenFailure> {
        .success(.init(authorization: "Bearer " + text, lifetime: .seconds(seconds)))
    }

    private func filled(_ seconds: Int) throws -> (TokenCache, AccessToken) {
        var cache = TokenCache()
        #expect(cache.need(waiting: 0, now: at(0)) == .wait(fetches: true))
        let token = try cache.fetched(grant("a", seconds), now: at(0), random: 0.5).get()
        return (cache, token)
    }

    @Test func manyThatNeedATokenCauseOneFetch() throws {
        var cache = TokenCache()
        var needs: [TokenCache.Need] = []
        for waiting in 0..<100 { needs.append(cache.need(waiting: waiting, now: at(0))) }
        #expect(needs.count { $0 == .wait(fetches: true) } == 1 && needs.count { $0 == .wait(fetches: false) } == 99)
        let token = try cache.fetched(grant("a", 3600), now: at(0), random: 0.5).get()
        #expect(cache.need(waiting: 0, now: at(1)) == .use(token, fetches: false))
        var full = TokenCache()
        _ = full.need(waiting: 0, now: at(0))
        guard case .refuse = full.need(waiting: TokenCache.maxWaiting, now: at(0)) else {
            Issue.record("more than \(TokenCache.maxWaiting) wait")
            return
        }
    }

    @Test(arguments: [(3600, 3569.0, 3570.0, 3600.0), (100, 89.0, 90.0, 100.0), (10, 8.9, 9.0, 10.0)])
    func aTokenIsRenewedBehindItsBackBeforeItsEnd(lifetime: Int, before: Double, from: Double, end: Double) throws {
        var (cache, token) = try filled(lifetime)
        #expect(cache.need(waiting: 0, now: at(before)) == .use(token, fetches: false))
        #expect(cache.need(waiting: 0, now: at(from)) == .use(token, fetches: true))
        #expect(cache.need(waiting: 0, now: at(from)) == .use(token, fetches: false), "one fetch at a time")
        var failed = cache
        #expect(cache.need(waiting: 0, now: at(end)) == .wait(fetches: false), "the old one has ended")
        let next = try cache.fetched(grant("b", lifetime), now: at(end), random: 0.5).get()
        #expect(next != token && cache.need(waiting: 0, now: at(end)) == .use(next, fetches: false))
        // A renewal that fails does no harm while the old one lasts, and is tried again after a pause.
        _ = failed.fetched(.failure(TokenFailure("down")), now: at(from), random: 0.5)
        #expect(failed.need(waiting: 0, now: at(from)) == .use(token, fetches: false))
    }

    @Test func failuresAreRememberedForALengtheningWhile() throws {
        var cache = TokenCache()
        var now = 0.0
        for pause in [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0] {
            #expect(cache.need(waiting: 0, now: at(now)) == .wait(fetches: true))
            _ = cache.fetched(.failure(TokenFailure("down")), now: at(now), random: 0.5)
            guard case .refuse(let failure) = cache.need(waiting: 0, now: at(now + pause / 2)) else {
                Issue.record("asked again after \(pause / 2) s")
                return
            }
            #expect(failure.reason == "down" && failure.retryAfter == .milliseconds(Int64(pause * 500)))
            now += pause
        }
        _ = cache.need(waiting: 0, now: at(now))
        let token = try cache.fetched(grant("a", 60), now: at(now), random: 0.5).get()
        #expect(cache.need(waiting: 0, now: at(now)) == .use(token, fetches: false))
    }

    /// A server that refuses every token causes a new one each ten seconds, not with each call.
    @Test func aRefusedTokenIsReplacedOnceInAWhile() throws {
        var (cache, token) = try filled(3600)
        var fetches = [cache.refused(token, now: at(1)), cache.refused(token, now: at(1))]
        #expect(fetches == [true, false], "it is being replaced")
        #expect(cache.need(waiting: 0, now: at(1)) == .wait(fetches: false))
        let second = try cache.fetched(grant("b", 3600), now: at(1), random: 0.5).get()
        // An old one says nothing of the new one, and the new one was fetched only just now.
        fetches = [cache.refused(token, now: at(2)), cache.refused(second, now: at(2))]
        #expect(fetches == [false, false])
        #expect(cache.need(waiting: 0, now: at(2)) == .use(second, fetches: false))
        fetches = [cache.refused(second, now: at(11))]
        #expect(fetches == [true])
    }

    @Test(arguments: [
        (#"{"access_token":"t","token_type":"Bearer","expires_in":60}"#, 60),
        (#"{"access_token":"t","token_type":"bEARER","expires_in":"60"}"#, 60), (#"{"access_token":"t"}"#, 300),
        (#"{"access_token":"t","expires_in":0}"#, 1), (#"{"access_token":"t","expires_in":-5}"#, 1),
        (#"{"access_token":"t","expires_in":99999999999999999999}"#, 300),
        (#"{"access_token":"t","expires_in":9000000000000000000}"#, 86_400),
        (#"{"access_token":"t","expires_in":null}"#, 300),
    ])
    func grantsAreRead(body: String, seconds: Int) throws {
        let grant = try TokenReply.read(status: 200, body: Array(body.utf8))
        #expect(grant == .init(authorization: "Bearer t", lifetime: .seconds(seconds)))
    }

    @Test(arguments: [
        (200, "", "no JSON object"), (200, "[]", "no JSON object"), (200, "{}", "no access token"),
        (200, #"{"access_token":7}"#, "no access token"), (200, #"{"access_token":""}"#, "cannot stand in a header"),
        (200, #"{"access_token":"a b"}"#, "cannot stand in a header"),
        (200, #"{"access_token":"a\r\nX: y"}"#, "cannot stand in a header"),
        (200, #"{"access_token":"é"}"#, "cannot stand in a header"),
        (200, #"{"access_token":"t","token_type":"mac"}"#, "another type than Bearer"),
        (302, "", "redirects are not followed"), (401, #"{"error":"invalid_client"}"#, "HTTP 401: invalid_client"),
        (400, #"{"error":"secret-canary","error_description":"secret-canary"}"#, "HTTP 400"),
        (503, "<html>", "HTTP 503"),
    ])
    func whatIsNoneIsToldWithoutItsWords(status: Int, body: String, reason: String) {
        let failure = #expect(throws: TokenFailure.self) { try TokenReply.read(status: status, body: Array(body.utf8)) }
        #expect(failure?.reason.contains(reason) == true && failure?.reason.contains("canary") == false)
    }

    @Test func theClientShowsItselfAsTheStandardSays() throws {
        var client = OAuthClient(
            tokenURL: "https://id.example/token", shownURL: "https://id.example/token", id: "a b", secret: "s:é&")
        client.scopes = ["read", "write"]
        client.audience = "https://api.example/"
        client.resource = "https://mcp.example/"
        func body() throws -> String {
            try #require(client.request.body).withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        }
        let scope =
            "grant_type=client_credentials&scope=read+write&audience=https%3A%2F%2Fapi.example%2F&resource=https%3A%2F%2Fmcp.example%2F"
        #expect(try body() == scope)
        // base64 of "a+b:s%3A%C3%A9%26"
        #expect(client.request.headers.contains { $0 == ("Authorization", "Basic YStiOnMlM0ElQzMlQTklMjY=") })
        client.authMethod = .post
        #expect(try body() == scope + "&client_id=a+b&client_secret=s%3A%C3%A9%26")
        #expect(!client.request.headers.contains { $0.name == "Authorization" })
        #expect(!"\(client)".contains("s:é") && !String(reflecting: client).contains("s:é"))
        let token = AccessToken(authorization: "Bearer hidden", number: 1)
        #expect(!"\(token) \(String(reflecting: token))".contains("hidden"))
    }
}
