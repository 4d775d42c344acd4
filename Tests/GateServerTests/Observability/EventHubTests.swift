import GateProtocol
import Synchronization
import Testing

@testable import GateServer

/// Events are kept in order, in bounded number, and told without a gap.
@Suite struct EventHubTests {
    private func publish(_ hub: EventHub, _ count: Int, _ server: String = "a") {
        for number in 0..<count { hub.publish(.server, server: server, from: "x", to: "y", reason: "\(number)") }
    }

    @Test func theLastThousandAreKept() {
        let hub = EventHub(clock: { 7 })
        publish(hub, 2_345)
        let (events, last) = hub.after(0) { _ in true }
        #expect(last == 2_345)
        #expect(events.map(\.sequence) == Array(1_346...2_345))
        #expect(events.first?.reason == "1345")
        #expect(events.allSatisfy { $0.milliseconds == 7 })
        #expect(hub.after(2_340) { _ in true }.events.map(\.sequence) == [2_341, 2_342, 2_343, 2_344, 2_345])
        #expect(hub.after(2_345) { _ in true }.events.isEmpty)
        // A number of an earlier run.
        #expect(hub.after(9_999) { _ in true }.events.count == 1_000)
    }

    @Test func whoComesBackMissesNothingAndSeesOnlyWhatIsHis() {
        let hub = EventHub()
        publish(hub, 3)
        publish(hub, 2, "b")
        let seen = Mutex<[GatewayEvent]>([])
        let listener = hub.listen(after: 2, sees: { $0.server == "a" }) { events in seen.withLock { $0 += events } }
        publish(hub, 1, "b")
        publish(hub, 1)
        #expect(seen.withLock { $0.map(\.sequence) } == [3, 7])
        if let listener { hub.remove(listener) }
        publish(hub, 1)
        #expect(seen.withLock { $0.count } == 2)
        #expect(hub.listeners == 0)
    }

    @Test func listenersAreBounded() {
        let hub = EventHub()
        let ids = (0..<EventHub.maxListeners).compactMap { _ in hub.listen(after: nil, sees: { _ in true }) { _ in } }
        #expect(ids.count == EventHub.maxListeners)
        #expect(hub.listen(after: nil, sees: { _ in true }) { _ in } == nil)
    }

    @Test func aLongReasonIsCut() {
        let hub = EventHub()
        hub.publish(.server, server: "a", reason: String(repeating: "ä", count: 100_000))
        #expect((hub.after(0) { _ in true }.events.first?.reason.utf8.count ?? 0) <= 600)
    }
}
