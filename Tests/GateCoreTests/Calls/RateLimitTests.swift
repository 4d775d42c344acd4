import Testing

@testable import GateCore

@Suite struct RateLimitTests {
    private let now = ContinuousClock.now

    private func allowed(_ limit: inout RateLimit, _ principal: ExactText, tries: Int, at: Instant) -> Int {
        (0..<tries).count { _ in limit.take(principal, now: at) == .allow }
    }

    @Test func aBurstThenTheRate() {
        var limit = RateLimit()
        #expect(allowed(&limit, "a", tries: 500, at: now) == 100)
        #expect(limit.take("a", now: now) == .limit(retryAfter: .milliseconds(20)))
        #expect(allowed(&limit, "b", tries: 500, at: now) == 100)
        #expect(allowed(&limit, "a", tries: 500, at: now.advanced(by: .seconds(1))) == 50)
        #expect(allowed(&limit, "a", tries: 500, at: now.advanced(by: .seconds(60))) == 100)
    }

    @Test func theTableIsBounded() {
        var limit = RateLimit(perSecond: 1, burst: 2, maxPrincipals: 10)
        let total = (0..<1_000).reduce(0) { sum, index in
            sum + allowed(&limit, ExactText("p\(index)"), tries: 3, at: now)
        }
        #expect(total == 10 * 2 + 2, "all principals beyond the table share one bucket")
        #expect(limit.principals == 10)
        #expect(limit.take("new", now: now.advanced(by: .seconds(2))) == .allow)
        #expect(limit.principals == 1, "full buckets are forgotten")
    }

    @Test(arguments: [(0.0, 0), (-1.0, -1), (Double.nan, 1), (Double.infinity, 1)])
    func noSettingTurnsItOff(perSecond: Double, burst: Int) {
        var limit = RateLimit(perSecond: perSecond, burst: burst)
        #expect(allowed(&limit, "a", tries: 10, at: now) == 1)
    }

    @Test func inFlightIsPerPrincipal() {
        var limit = InFlightLimit(limit: 2)
        let entered = ["a", "a", "a", "b"].map { limit.enter(ExactText($0)) }
        #expect(entered == [true, true, false, true])
        limit.leave("a")
        #expect(limit.enter("a") == true)
        #expect(limit.inFlight("a") == 2)
        for _ in 0..<5 {
            limit.leave("a")
            limit.leave("b")
        }
        #expect(limit.principals == 0)
    }
}
