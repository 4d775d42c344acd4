import Testing

@testable import GateCurl

@Suite struct ConnectionAllowanceTests {
    private let second: UInt64 = 1_000_000_000

    @Test func connectionsInUseAreNotCountedAsIdle() {
        var allowance = ConnectionAllowance(idle: 10)
        #expect(allowance.limit == 10)
        #expect(allowance.changed(active: 1, now: 0) == 26)
        #expect(allowance.changed(active: 16, now: 0) == nil)
        #expect(allowance.changed(active: 64, now: 0) == 74)
        for active in 0...64 { #expect(allowance.changed(active: active, now: second) == nil) }
    }

    @Test func aPeakIsForgottenAfterAWhile() {
        var allowance = ConnectionAllowance(idle: 10)
        _ = allowance.changed(active: 64, now: 0)
        #expect(allowance.changed(active: 2, now: 9 * second) == nil)
        #expect(allowance.changed(active: 2, now: 10 * second) == nil)
        #expect(allowance.changed(active: 3, now: 19 * second) == nil)
        #expect(allowance.changed(active: 0, now: 20 * second) == 26)
        #expect(allowance.changed(active: 0, now: 30 * second) == 10)
        #expect(allowance.changed(active: 0, now: 40 * second) == nil)
    }
}
