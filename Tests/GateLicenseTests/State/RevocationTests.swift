import GateCore
import GateProtocol
import Testing

@testable import GateLicense

/// A `die` does what it says once, and only when everything about it is right.
struct RevocationTests {
    private static let day = StateRig.day

    @Test func itCountsFromItsMoment() {
        var rig = StateRig()
        rig.activate()
        rig.die()
        #expect(rig.state.standing == .revocationPending && rig.state.grant.tier == .enterprise)
        rig.pass(3 * Self.day - 1)
        #expect(rig.state.grant.tier == .enterprise)
        rig.pass(1)
        #expect(rig.state.standing == .revoked && rig.state.grant.tier == .free)
    }

    @Test func itSurvivesRestartsAndClocks() {
        var rig = StateRig()
        rig.activate()
        rig.die()
        rig.restart(after: 3_600)
        #expect(rig.state.standing == .revocationPending)
        rig.pass(3 * Self.day)
        rig.time.wall -= 1_000 * Self.day
        rig.restart(after: 60)
        #expect(rig.state.standing == .revoked)
        // A clock that is years ahead does not hurry it.
        var other = StateRig()
        other.activate()
        other.die()
        other.time.wall += 3_650 * Self.day
        other.send(.tick)
        #expect(other.state.standing == .revocationPending)
    }

    @Test func aRestoreUndoesIt() {
        for isEffective in [false, true] {
            var rig = StateRig()
            rig.activate()
            rig.die(effectiveIn: isEffective ? 0 : Self.day)
            rig.send(rig.reply(3, order: rig.order(.restore, "r1", seq: 3)))
            #expect(rig.state.standing == .active && rig.state.grant.tier == .enterprise)
        }
    }

    @Test func ordersAreRefusedForEachReason() {
        var rig = StateRig()
        rig.activate(10)
        rig.notes = []
        rig.send(rig.reply(20, order: rig.order(.die, "a", seq: 20), instance: "other"))
        rig.refusals(are: [.otherInstance])
        rig.send(rig.reply(20, order: rig.order(.die, "a", seq: 20), license: "other"))
        rig.refusals(are: [.otherLicense])
        rig.send(rig.reply(9, order: rig.order(.die, "a", seq: 20)))
        rig.refusals(are: [.oldSequence])
        rig.send(rig.reply(20, order: rig.order(.die, "a", seq: 10)))
        rig.refusals(are: [.oldSequence])
        rig.send(rig.reply(21, order: rig.order(.die, "a", seq: 21, validFor: -1)))
        rig.refusals(are: [.orderVoid])
        rig.send(rig.reply(22, order: rig.order(.die, "a", seq: 22, validFor: 7 * Self.day + 1)))
        rig.refusals(are: [.orderTooLong])
        #expect(rig.state.standing == .active && rig.state.revocation == nil)
        rig.send(rig.reply(23, order: rig.order(.die, "a", seq: 23, validFor: 7 * Self.day)))
        rig.refusals(are: [])
        #expect(rig.state.standing == .revocationPending)
        var empty = StateRig()
        empty.die()
        empty.refusals(are: [.noLicense])
        #expect(empty.state.standing == .free)
    }

    @Test func nothingIsDoneTwiceForOneID() {
        var rig = StateRig()
        rig.activate()
        rig.die("same", seq: 2)
        rig.send(rig.reply(3, order: rig.order(.restore, "r", seq: 3)))
        rig.notes = []
        rig.die("same", seq: 4)
        rig.refusals(are: [.orderUsed])
        #expect(rig.state.standing == .active)
        rig.restart(after: 10)
        rig.notes = []
        rig.die("same", seq: 5)
        rig.refusals(are: [.orderUsed])
        #expect(rig.state.standing == .active)
    }

    @Test func aSecondOrderDoesNotPutOffWhatCounts() {
        var rig = StateRig()
        rig.activate()
        rig.die("a", seq: 2, effectiveIn: 0)
        rig.die("b", seq: 3, effectiveIn: 30 * Self.day)
        #expect(rig.state.standing == .revoked)
    }

    @Test func whatWasSignedLaterCounts() {
        var rig = StateRig()
        rig.activate()
        let order = rig.order(.die, "d", seq: 6)
        rig.send(rig.reply(6, terms: rig.terms(5), order: order))
        #expect(rig.state.standing == .revocationPending && rig.state.terms?.seq == 5)
        // Told again beside a renewal: not taken back.
        rig.send(rig.reply(8, terms: rig.terms(7), order: rig.order(.die, "d", seq: 8)))
        #expect(rig.state.standing == .revocationPending && rig.state.terms?.seq == 7)
        // A restore with the entitlement of the same number.
        rig.send(rig.reply(9, terms: rig.terms(9), order: rig.order(.restore, "r", seq: 9)))
        #expect(rig.state.standing == .active && rig.state.terms?.seq == 9)
    }

    @Test func anOlderEntitlementDoesNotComeBack() {
        var rig = StateRig()
        let first = rig.terms(1)
        rig.activate(1)
        rig.die("d", seq: 2, effectiveIn: 0)
        rig.notes = []
        rig.send(.found(first))
        rig.refusals(are: [])
        #expect(rig.state.standing == .revoked)
        rig.send(.deactivated)
        rig.send(.found(first))
        rig.refusals(are: [.oldSequence])
        #expect(rig.state.standing == .free)
        // Nor by way of another license.
        rig.send(.activated(rig.terms(1, tier: .pro, license: "license-2"), at: rig.now, seq: 1))
        #expect(rig.state.grant.tier == .pro)
        rig.notes = []
        rig.send(.found(first))
        rig.refusals(are: [.oldSequence])
        #expect(rig.state.grant.tier == .pro)
        rig.send(.found(rig.terms(9, instance: "other")))
        rig.refusals(are: [.otherInstance])
    }

    @Test func theBookAndTheOrdersAreBounded() {
        var rig = StateRig()
        rig.activate()
        for number in 1...1_000 {
            rig.send(.found(rig.terms(1, license: "l\(number)")))
            rig.send(.found(rig.terms(2 * number)))
            rig.die("d\(number)", seq: 2 * number + 1)
        }
        #expect(rig.state.usedOrders.count == 256 && rig.state.sequences.entries.count == 64)
        #expect(rig.state.json.bytes.count < 32_768)
    }
}
