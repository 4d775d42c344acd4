import GateCore
import GateProtocol
import Testing

@testable import GateServer

/// What one agent may take.
@Suite struct CallerLimitsTests {
    private let start = Instant.now

    private func limits(inFlight: Int? = nil, rate: Int? = nil) throws -> CallerLimits {
        try #require(
            CallerLimits(
                .init(
                    inFlight: inFlight, rate: rate, burst: (rate ?? 0) * 2, inFlightKey: "gateway.agent_in_flight",
                    rateKey: "gateway.agent_rate")))
    }

    private func refusal(_ limits: CallerLimits, _ agent: ExactText, at now: Instant) -> GateError? {
        do throws(GateError) {
            try limits.enter(agent, server: "s", now: now)
            return nil
        } catch {
            return error
        }
    }

    @Test func withoutLimitsThereIsNothingToPayFor() {
        #expect(
            CallerLimits(.init(inFlight: nil, rate: nil, burst: 0, inFlightKey: "a", rateKey: "b")) == nil)
    }

    @Test func oneAgentsCallsDoNotTakeAnothersPlaces() throws {
        let limits = try limits(inFlight: 2)
        #expect(refusal(limits, "a", at: start) == nil)
        #expect(refusal(limits, "a", at: start) == nil)
        let refused = try #require(refusal(limits, "a", at: start))
        #expect(refused.code == .overloaded)
        #expect(refused.sent == false)
        #expect(refused.retryable)
        #expect(refused.retryAfter == 1)
        #expect(refused.message.contains("Agent 'a'"))
        #expect(refused.message.contains("gateway.agent_in_flight"))
        #expect(refusal(limits, "b", at: start) == nil)
        limits.leave("a")
        #expect(refusal(limits, "a", at: start) == nil)
    }

    @Test func aBurstIsTwiceTheRateAndARefusedCallHoldsNoPlace() throws {
        let limits = try limits(inFlight: 1_000, rate: 5)
        for _ in 0..<10 { #expect(refusal(limits, "a", at: start) == nil) }
        let refused = try #require(refusal(limits, "a", at: start))
        #expect(refused.code == .overloaded)
        #expect(refused.message.contains("gateway.agent_rate"))
        #expect((refused.retryAfter ?? 0) >= 1)
        #expect(refusal(limits, "b", at: start) == nil)
        #expect(refusal(limits, "a", at: start.advanced(by: .milliseconds(250))) == nil)
        #expect(refusal(limits, "a", at: start.advanced(by: .milliseconds(250))) != nil)
    }

    @Test func theSameLetterInAnotherSpellingIsAnotherAgent() throws {
        let limits = try limits(inFlight: 1)
        #expect(refusal(limits, "caf\u{E9}", at: start) == nil)
        #expect(refusal(limits, "cafe\u{301}", at: start) == nil)
        #expect(refusal(limits, "caf\u{E9}", at: start) != nil)
    }
}
