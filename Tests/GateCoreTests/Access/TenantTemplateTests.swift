import Testing

@testable import GateCore

@Suite struct TenantTemplateTests {
    @Test func referencesAreFilledOnce() {
        func fill(_ text: String) -> String {
            TenantTemplate.fill(text) { ["name": "acme", "KEY": "${tenant.name}"][$0] ?? "" }
        }
        #expect(fill("https://${tenant.name}.example/${tenant.KEY}") == "https://acme.example/${tenant.name}")
        #expect(fill("${tenant.other}|") == "|")
        for plain in [
            "", "tenant.name", "${tenant.}", "${tenant.1a}", "${tenant.a b}", "${tenant.name", "$tenant.name",
        ] {
            #expect(fill(plain) == plain)
        }
        #expect(TenantTemplate.names(in: "${tenant.a}${tenant.b_1}${tenant.a}") == ["a", "b_1", "a"])
    }

    /// An instance that was started without a tenant has none of its values, so it is nobody's.
    @Test func anInstanceOfNobodyIsNotGivenAway() {
        let now = ContinuousClock.now
        var plan = InstancePlan(
            rules: .init(isShared: false, count: 4, spares: 2, givesUnowned: false), now: now)
        #expect(plan.refill(now: now) == [])
        let scout = plan.makeScout(now: now)
        #expect(scout == 1)
        func acquire(_ tenant: String) -> InstancePlan.Choice {
            plan.acquire(owner: .tenant(ExactText(tenant)), now: now, fitness: { _ in .ready })
        }
        #expect(acquire("acme") == .create(2) && acquire("globex") == .create(3) && acquire("acme") == .use(2))
    }
}
