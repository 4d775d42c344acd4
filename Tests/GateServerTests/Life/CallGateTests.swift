import Dispatch
import Synchronization
import Testing

@testable import GateServer

@Suite struct CallGateTests {
    private final class Count: Sendable {
        let value = Atomic<Int>(0)
        var now: Int { value.load(ordering: .sequentiallyConsistent) }
        func up() { value.add(1, ordering: .sequentiallyConsistent) }
    }

    @Test func theLastOneOutTells() {
        let gate = CallGate()
        let told = Count()
        #expect(gate.enter())
        #expect(gate.enter())
        #expect(gate.calls == 2)
        gate.close { told.up() }
        #expect(!gate.enter())
        #expect(gate.calls == 2)
        gate.leave()
        #expect(told.now == 0)
        gate.leave()
        #expect(told.now == 1)
        #expect(!gate.enter())
        #expect(told.now == 1)
        #expect(gate.calls == 0)
    }

    @Test func anEmptyGateTellsAtOnceAndEverybody() {
        let gate = CallGate()
        let told = Count()
        gate.close { told.up() }
        #expect(told.now == 1)
        gate.close { told.up() }
        #expect(told.now == 2)
    }

    @Test func twoWhoWaitAreBothTold() {
        let gate = CallGate()
        let told = Count()
        #expect(gate.enter())
        gate.close { told.up() }
        gate.close { told.up() }
        gate.leave()
        #expect(told.now == 2)
    }

    /// Under contention: told exactly once, and only when nobody is inside.
    @Test func closingInTheMiddleOfTraffic() {
        for _ in 0..<200 {
            let gate = CallGate()
            let inside = Count()
            let told = Count()
            let wrong = Count()
            DispatchQueue.concurrentPerform(iterations: 4) { worker in
                if worker == 0 {
                    gate.close {
                        told.up()
                        if inside.now != 0 { wrong.up() }
                    }
                    return
                }
                for _ in 0..<200 where gate.enter() {
                    inside.up()
                    inside.value.subtract(1, ordering: .sequentiallyConsistent)
                    gate.leave()
                }
            }
            #expect(told.now == 1)
            #expect(wrong.now == 0)
            #expect(!gate.enter())
        }
    }
}
