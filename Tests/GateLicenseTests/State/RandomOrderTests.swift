import GateCore
import GateTestKit
import Testing

@testable import GateLicense

/// Events in any order: what must hold for all of them.
struct RandomOrderTests {
    @Test func lawsHoldInEveryOrder() {
        for seed in 0..<300 {
            var random = SeededGenerator(seed: UInt64(seed))
            var rig = StateRig()
            var highest = 0
            for _ in 0..<120 {
                let before = rig.state
                rig.notes = []
                let kind = Int.random(in: 0..<12, using: &random)
                let seq = Int.random(in: 1...60, using: &random)
                act(kind, seq, &rig, &random)
                check(before, rig, kind, seed)
                // Nothing older than what was accepted is ever accepted again.
                if let terms = rig.state.terms, terms != before.terms {
                    #expect(terms.seq > highest, "seed \(seed)")
                }
                highest = max(
                    highest, rig.state.sequences.entries.first { $0.license == StateRig.license }?.sequence ?? 0)
                // What is kept is what there is.
                var kept = LicenseState(json: rig.state.json, terms: rig.state.terms)
                _ = kept?.handle(.tick, at: rig.time)
                #expect(kept?.grant.tier == rig.state.grant.tier, "seed \(seed)")
            }
        }
    }

    private func act(_ kind: Int, _ seq: Int, _ rig: inout StateRig, _ random: inout SeededGenerator) {
        let day = StateRig.day
        switch kind {
        case 0: rig.send(.found(rig.terms(seq)))
        case 1: rig.activate(seq)
        case 2: rig.send(rig.reply(seq, terms: rig.terms(seq)))
        case 3: rig.die("d\(Int.random(in: 0...9, using: &random))", seq: seq, effectiveIn: day)
        case 4: rig.send(rig.reply(seq, order: rig.order(.restore, "r\(seq)", seq: seq)))
        case 5: rig.send(.heartbeatFailed)
        case 6:
            rig.time.wall = rig.now + Int.random(in: -4_000...4_000, using: &random) * day
            rig.send(.tick)
        case 7:
            rig.time.wall = rig.now
            rig.send(.tick)
        case 8: rig.restart(after: Int.random(in: 0...(3 * day), using: &random))
        case 9 where seq < 6: rig.send(.deactivated)
        default: rig.pass(Int.random(in: 1...(5 * day), using: &random), step: day)
        }
    }

    private func check(_ before: LicenseState, _ rig: StateRig, _ kind: Int, _ seed: Int) {
        let after = rig.state
        let isSigned = (0...4).contains(kind)
        // A tier goes up by something signed, or by a clock that is right again within the entitlement.
        if after.grant.tier > before.grant.tier { #expect(isSigned, "seed \(seed)") }
        // It goes down by an order, an end, or the operator; by a clock that jumps only after the grace.
        if after.grant.tier < before.grant.tier {
            #expect(after.isLapsed || after.revocation?.isEffective == true || kind == 9, "seed \(seed)")
        }
        if kind == 5 { #expect(after.grant.tier == before.grant.tier, "seed \(seed)") }
        if kind == 6, !before.isLapsed, before.clock.wallAhead == nil, after.clock.wallAhead != nil {
            #expect(after.grant.tier == before.grant.tier, "seed \(seed)")
        }
        // Only a fresh signed time may put the mark back.
        if let was = before.clock.mark, !(1...4).contains(kind) {
            #expect(after.clock.mark ?? 0 >= was, "seed \(seed)")
        }
        // Every change is told.
        if after.standing != before.standing {
            #expect(rig.notes.contains { if case .changed = $0 { true } else { false } })
        }
    }
}
