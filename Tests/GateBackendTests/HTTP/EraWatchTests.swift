import GateCore
import Testing

@testable import GateBackend

struct EraWatchTests {
    private let start = Instant.now

    @Test func oneAsksTheOthersWaitAndThenThereIsAPause() {
        var watch = EraWatch()
        guard case .ask = watch.turn(now: start), case .wait = watch.turn(now: start) else {
            Issue.record("one asks, the others wait")
            return
        }
        #expect(watch.end(hasChanged: false).isEmpty)
        guard case .skip = watch.turn(now: start.advanced(by: .seconds(4))),
            case .ask = watch.turn(now: start.advanced(by: EraWatch.pause))
        else {
            Issue.record("it is not asked again at once")
            return
        }
        // What has changed once may change back.
        #expect(watch.end(hasChanged: true).isEmpty)
        guard case .ask = watch.turn(now: start.advanced(by: EraWatch.pause)) else {
            Issue.record("after a change it is asked at once")
            return
        }
    }
}
