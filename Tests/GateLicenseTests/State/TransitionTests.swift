import GateCore
import Testing

@testable import GateLicense

/// Every standing with every event: what it becomes. What is not in the table cannot happen.
struct TransitionTests {
    private static let events: [String] = [
        "tick", "newer", "older", "die", "restore", "fail", "reply", "deactivate", "expire", "grace over", "effective",
    ]

    /// Per standing: what each of the events makes of it, in their order.
    private static let table: [(LicenseStanding, [LicenseStanding])] = [
        (.free, [.free, .active, .free, .free, .free, .free, .free, .free, .free, .free, .free]),
        (
            .active,
            [
                .active, .active, .active, .revocationPending, .active, .renewing, .active, .free, .grace, .free,
                .active,
            ]
        ),
        (
            .renewing,
            [
                .renewing, .active, .renewing, .revocationPending, .active, .renewing, .active, .free, .grace, .free,
                .renewing,
            ]
        ),
        (.grace, [.grace, .active, .grace, .revocationPending, .grace, .grace, .grace, .free, .grace, .free, .grace]),
        (
            .revocationPending,
            [
                .revocationPending, .active, .revocationPending, .revocationPending, .active, .revocationPending,
                .revocationPending, .free, .revoked, .revoked, .revoked,
            ]
        ),
        (
            .revoked,
            [
                .revoked, .active, .revoked, .revoked, .active, .revoked, .revoked, .free, .revoked, .revoked, .revoked,
            ]
        ),
    ]

    @Test func everyEventInEveryStanding() {
        for (standing, expected) in Self.table {
            for (event, wanted) in zip(Self.events, expected) {
                var rig = Self.rig(standing)
                #expect(rig.state.standing == standing)
                rig.notes = []
                Self.apply(event, &rig)
                #expect(rig.state.standing == wanted, "\(standing), then \(event)")
                let changes = rig.notes.compactMap {
                    if case .changed(let from, let to, _) = $0 { (from, to) } else { nil }
                }
                // What is told leads from where it was to where it is, without a gap.
                #expect(changes.first.map { $0.0 } ?? wanted == standing, "\(standing), then \(event)")
                #expect(changes.last.map { $0.1 } ?? standing == wanted, "\(standing), then \(event)")
            }
        }
    }

    @Test func theTierFollowsTheStanding() {
        for (standing, _) in Self.table {
            let grant = Self.rig(standing).state.grant
            let hasNone = standing == .free || standing == .revoked
            #expect(grant.tier == (hasNone ? .free : .enterprise) && grant.standing == standing)
        }
    }

    @Test func causesAreTold() {
        func causes(_ standing: LicenseStanding, _ event: String) -> [LicenseCause] {
            var rig = Self.rig(standing)
            rig.notes = []
            Self.apply(event, &rig)
            return rig.notes.compactMap { if case .changed(_, _, let why) = $0 { why } else { nil } }
        }
        #expect(causes(.free, "newer") == [.activation])
        #expect(causes(.active, "die") == [.revocation])
        #expect(causes(.active, "fail") == [.heartbeatFailed])
        #expect(causes(.active, "expire") == [.expiry])
        #expect(causes(.active, "grace over") == [.expiry, .expiry])
        #expect(causes(.renewing, "reply") == [.heartbeat])
        #expect(causes(.revocationPending, "effective") == [.revocationEffective])
        #expect(causes(.revoked, "restore") == [.restoration])
        #expect(causes(.active, "deactivate") == [.deactivation])
    }

    private static func rig(_ standing: LicenseStanding) -> StateRig {
        var rig = StateRig()
        if standing == .free { return rig }
        rig.activate(10)
        switch standing {
        case .free, .active: break
        case .renewing: rig.send(.heartbeatFailed)
        case .grace: rig.pass(31 * StateRig.day)
        case .revocationPending: rig.die("d0", seq: 20)
        case .revoked:
            rig.die("d0", seq: 20, effectiveIn: 0)
        }
        return rig
    }

    private static func apply(_ event: String, _ rig: inout StateRig) {
        switch event {
        case "tick": rig.pass(60)
        case "newer": rig.activate(100)
        case "older": rig.send(.found(rig.terms(5, instance: rig.state.terms == nil ? "other" : StateRig.instance)))
        case "die": rig.send(rig.reply(50, order: rig.order(.die, "d1", seq: 50)))
        case "restore": rig.send(rig.reply(50, order: rig.order(.restore, "r1", seq: 50)))
        case "fail": rig.send(.heartbeatFailed)
        case "reply": rig.send(rig.reply(50))
        case "deactivate": rig.send(.deactivated)
        case "expire": rig.pass(max(0, (rig.state.terms?.notAfter ?? rig.now) - rig.now) + 60)
        case "grace over": rig.pass(45 * StateRig.day)
        case "effective": rig.pass(4 * StateRig.day)
        default: Issue.record("no event \(event)")
        }
    }
}
