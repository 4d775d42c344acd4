import GateTestKit
import Testing

@testable import GateCore

@Suite struct InstancePlanTests {
    private let start = Instant.now
    private let ann = InstanceOwner.agent("ann"), bob = InstanceOwner.agent("bob"), cat = InstanceOwner.agent("cat")

    private let ready: (Int) -> InstancePlan.Fitness = { _ in .ready }
    private let failing: (Int) -> InstancePlan.Fitness = { _ in .failing }

    private func at(_ seconds: Int) -> Instant { start.advanced(by: .seconds(seconds)) }

    private func plan(
        shared: Bool = false, count: Int = 3, spares: Int = 0, lazy: Bool = false
    ) -> InstancePlan {
        InstancePlan(
            rules: .init(isShared: shared, count: count, spares: spares, idleTimeout: .seconds(10), isLazy: lazy),
            now: start)
    }

    // MARK: Shared

    @Test func theLeastBusyInstanceIsTakenAndEqualsTakeTurns() {
        var plan = plan(shared: true)
        #expect(plan.ids == [1, 2, 3])
        let first = (0..<3).map { _ in plan.acquire(owner: ann, now: start, fitness: ready) }
        #expect(Set(first) == [.use(1), .use(2), .use(3)])
        _ = plan.release(2, now: start)
        #expect(plan.acquire(owner: bob, now: start, fitness: ready) == .use(2))
        for _ in 0..<30 { _ = plan.acquire(owner: ann, now: start, fitness: ready) }
        #expect(plan.slots.values.map(\.load) == [11, 11, 11])
    }

    @Test func aFailingInstanceIsLeftAloneAndOneThatMustStartIsWorthItOnlyUnderLoad() {
        var plan = plan(shared: true)
        let fitness: (Int) -> InstancePlan.Fitness = { $0 == 1 ? .failing : $0 == 2 ? .startable : .ready }
        for _ in 0..<9 { _ = plan.acquire(owner: ann, now: start, fitness: fitness) }
        #expect(plan.slots[1]?.load == 0)
        #expect((plan.slots[3]?.load ?? 0) >= 8)
        for _ in 0..<3 { _ = plan.acquire(owner: ann, now: start, fitness: fitness) }
        #expect((plan.slots[2]?.load ?? 0) >= 1)
        #expect(plan.acquire(owner: ann, now: start, fitness: failing) != .full)
    }

    @Test func onlyLazySharedInstancesSleep() {
        var eager = plan(shared: true), lazy = plan(shared: true, count: 2, lazy: true)
        #expect(eager.reap(now: at(100)) == [])
        let choice = lazy.acquire(owner: ann, now: at(1)) { $0 == 2 ? .ready : .failing }
        #expect(choice == .use(2))
        #expect(lazy.reap(now: at(50)) == [1])
        _ = lazy.release(2, now: at(50))
        #expect(lazy.reap(now: at(59)) == [1])
        #expect(lazy.reap(now: at(60)) == [1, 2])
        #expect(lazy.ids == [1, 2])
    }

    // MARK: Owned

    @Test func eachOwnerHasOneAndKeepsIt() {
        var plan = plan()
        #expect(plan.acquire(owner: ann, now: start, fitness: ready) == .create(1))
        #expect(plan.acquire(owner: ann, now: start, fitness: failing) == .use(1))
        #expect(plan.acquire(owner: bob, now: start, fitness: ready) == .create(2))
        #expect(plan.acquire(owner: .namedSession("ann"), now: start, fitness: ready) == .create(3))
        #expect(plan.acquire(owner: cat, now: start, fitness: ready) == .full)
        #expect(plan.acquire(owner: bob, now: start, fitness: ready) == .use(2))
    }

    @Test func namesThatOnlyLookAlikeAreOtherOwners() {
        var plan = plan()
        #expect(plan.acquire(owner: .agent("\u{E9}"), now: start, fitness: ready) == .create(1))
        #expect(plan.acquire(owner: .agent("e\u{301}"), now: start, fitness: ready) == .create(2))
    }

    @Test func sparesGoToTheNextOwnerAndAreReplaced() {
        var plan = plan(spares: 1)
        #expect(plan.refill(now: start) == [1])
        #expect(plan.refill(now: start) == [])
        #expect(plan.acquire(owner: ann, now: start, fitness: ready) == .use(1))
        #expect(plan.refill(now: start) == [2])
        #expect(plan.acquire(owner: bob, now: start, fitness: ready) == .use(2))
        #expect(plan.refill(now: start) == [3])
        #expect(plan.acquire(owner: cat, now: start, fitness: ready) == .use(3))
        // The most that may exist do.
        #expect(plan.refill(now: start) == [])
        #expect(plan.acquire(owner: .agent("dan"), now: start, fitness: ready) == .full)
    }

    @Test func whatIsIdleForTooLongEndsAndIsNeverHandedOn() {
        var plan = plan(count: 2, spares: 1)
        _ = plan.refill(now: start)
        _ = plan.acquire(owner: ann, now: start, fitness: ready)
        #expect(plan.reap(now: at(100)) == [])
        #expect(plan.release(1, now: at(100)) == false)
        #expect(plan.reap(now: at(109)) == [])
        #expect(plan.reap(now: at(110)) == [1])
        #expect(plan.acquire(owner: bob, now: at(110), fitness: ready) == .create(2))
        #expect(plan.acquire(owner: ann, now: at(110), fitness: ready) == .create(3))
    }

    @Test func theSpareThatIsWantedStaysAndASurplusGoes() {
        var plan = plan(spares: 1)
        _ = plan.refill(now: start)
        #expect(plan.reap(now: at(1_000)) == [])
        var lazy = self.plan(lazy: true)
        #expect(lazy.refill(now: start) == [])
        #expect(lazy.makeScout(now: start) == 1)
        #expect(lazy.makeScout(now: start) == nil)
        #expect(lazy.reap(now: at(10)) == [1])
        #expect(lazy.ids == [])
    }

    @Test func aSessionThatEndsTakesItsInstanceAlongAfterTheLastCall() {
        var plan = plan()
        _ = plan.acquire(owner: ann, now: start, fitness: ready)
        _ = plan.acquire(owner: bob, now: start, fitness: ready)
        #expect(plan.release(2, now: start) == false)
        #expect(plan.end(owner: bob) == 2)
        #expect(plan.end(owner: bob) == nil)
        #expect(plan.end(owner: ann) == nil)
        // It comes back before its call has ended: a new instance.
        #expect(plan.acquire(owner: ann, now: start, fitness: ready) == .create(3))
        #expect(plan.release(1, now: start) == true)
        #expect(plan.acquire(owner: ann, now: start, fitness: ready) == .use(3))
    }

    /// Over random sequences: an instance has one owner in its life, never more exist than may, and none that is in use ends.
    @Test(arguments: 0..<200) func holdsItsPromises(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var plan = plan(
            count: Int.random(in: 1...4, using: &random), spares: Int.random(in: 0...2, using: &random),
            lazy: Bool.random(using: &random))
        var owners: [InstancePlan.ID: InstanceOwner] = [:], loads: [InstancePlan.ID: Int] = [:]
        var now = start
        for _ in 0..<200 {
            now = now.advanced(by: .seconds(Int.random(in: 0...4, using: &random)))
            let owner = InstanceOwner.agent(ExactText("agent\(Int.random(in: 0..<5, using: &random))"))
            switch Int.random(in: 0..<6, using: &random) {
            case 0, 1:
                switch plan.acquire(owner: owner, now: now, fitness: { _ in .ready }) {
                case .use(let id), .create(let id):
                    #expect(owners[id] == nil || owners[id] == owner)
                    owners[id] = owner
                    loads[id, default: 0] += 1
                case .full: #expect(plan.slots.count == plan.rules.count)
                }
            case 2, 3:
                guard let id = loads.filter({ $0.value > 0 }).keys.min() else { continue }
                loads[id, default: 0] -= 1
                let ends = plan.release(id, now: now)
                #expect(!ends || loads[id] == 0)
            case 4: for id in plan.reap(now: now) { #expect(loads[id] ?? 0 == 0) }
            default:
                if let id = plan.end(owner: owner) { #expect(loads[id] ?? 0 == 0 && owners[id] == owner) }
                _ = plan.refill(now: now)
            }
            #expect(plan.slots.count <= plan.rules.count)
        }
    }
}
