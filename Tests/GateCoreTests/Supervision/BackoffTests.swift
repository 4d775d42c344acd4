import Testing

@testable import GateCore

@Suite struct BackoffTests {
    @Test func doublesFromATenthToThirtySeconds() {
        var backoff = Backoff()
        let waits = (0..<12).map { _ in backoff.next(random: 0.5) }
        let expected: [Duration] = [
            .milliseconds(100), .milliseconds(200), .milliseconds(400), .milliseconds(800), .milliseconds(1600),
            .milliseconds(3200), .milliseconds(6400), .milliseconds(12800), .milliseconds(25600), .seconds(30),
            .seconds(30), .seconds(30),
        ]
        #expect(waits == expected)
        backoff.reset()
        #expect(backoff.next(random: 0.5) == .milliseconds(100))
    }

    @Test(arguments: [(0.0, 80), (0.5, 100), (1.0, 120), (-5, 80), (7, 120)])
    func jitterIsTwentyPercent(random: Double, milliseconds: Int) {
        var backoff = Backoff()
        #expect(backoff.next(random: random) == .milliseconds(milliseconds))
    }

    @Test func staysDefinedForever() {
        var backoff = Backoff(initial: .zero, maximum: .seconds(-1), jitter: 9)
        for _ in 0..<200 { #expect(backoff.next(random: 0.999) <= .milliseconds(2)) }
    }

    @Test(arguments: [(0, 1), (1, 1), (1_000, 1), (1_001, 2), (27_000, 27), (-500, 1)] as [(Int, Int64)])
    func wholeSeconds(milliseconds: Int, seconds: Int64) {
        #expect(Duration.milliseconds(milliseconds).wholeSecondsUp == seconds)
    }
}
