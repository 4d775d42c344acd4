import GateCore
import Testing

struct NoiseMeterTests {
    private let start = ContinuousClock.now

    private func at(_ seconds: Int) -> Instant { start.advanced(by: .seconds(seconds)) }

    @Test func judgesTheLastMinuteAlone() {
        var meter = NoiseMeter()
        #expect(meter.look(0, now: at(0)) == nil)
        #expect(meter.look(1_000, now: at(10)) == nil)
        #expect(meter.look(1_001, now: at(20)) == 1_001)
        #expect(meter.look(1_001, now: at(59)) == 1_001)
        // What came before a minute ago no longer counts.
        #expect(meter.look(1_001, now: at(75)) == nil)
        #expect(meter.look(1_500, now: at(80)) == nil)
    }

    @Test func aNewConversationCountsFromTheBeginning() {
        var meter = NoiseMeter(limit: 10)
        #expect(meter.look(500, now: at(0)) == 500)
        #expect(meter.look(3, now: at(1)) == nil)
        #expect(meter.look(14, now: at(2)) == 14)
    }
}
