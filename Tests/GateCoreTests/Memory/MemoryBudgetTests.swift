import GateCore
import Testing

/// The marks at which work is refused, and that charges come back.
@Suite struct MemoryBudgetTests {
    @Test func sessionsEndBeforeCallsAndCallsBeforeBodies() {
        let budget = MemoryBudget(limit: 1_000)
        let marks: [(used: Int, session: Bool, call: Bool, body: Bool)] = [
            (0, true, true, true), (800, true, true, true), (801, false, true, true), (900, false, true, true),
            (901, false, false, true), (1_000, false, false, true), (1_001, false, false, false),
        ]
        for mark in marks {
            budget.charge(mark.used)
            #expect(budget.admits(.session) == mark.session, "\(mark.used)")
            #expect(budget.admits(.call) == mark.call, "\(mark.used)")
            #expect(budget.admits(.body) == mark.body, "\(mark.used)")
            budget.release(mark.used)
        }
        #expect(budget.used == 0)
        #expect(budget.refused == 9)
    }

    @Test func aChargeIsWhatItsHolderHasNow() {
        let budget = MemoryBudget(limit: 1_000)
        var charge = MemoryCharge(budget)
        charge.set(10)
        charge.set(700)
        #expect(budget.used == 700)
        charge.set(300)
        #expect(budget.used == 300)
        charge.set(0)
        charge.set(0)
        #expect(budget.used == 0)
    }

    @Test func manyThreadsBalance() async {
        let budget = MemoryBudget(limit: 1_000)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for size in 1...1_000 {
                        budget.charge(size)
                        budget.release(size)
                    }
                }
            }
        }
        #expect(budget.used == 0)
    }
}
