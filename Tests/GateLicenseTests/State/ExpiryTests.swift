import GateCore
import Testing

@testable import GateLicense

/// What time does to a license, and what only a clock cannot do.
struct ExpiryTests {
    private static let day = StateRig.day

    @Test(arguments: [(29, LicenseStanding.active), (31, .grace), (43, .grace), (45, .free)])
    func offlineForDays(days: Int, expected: LicenseStanding) {
        var running = StateRig()
        running.activate()
        running.pass(days * Self.day)
        #expect(running.state.standing == expected)
        #expect(running.state.grant.tier == (expected == .free ? .free : .enterprise))
        // The same with a machine that is off every night.
        var laptop = StateRig()
        laptop.activate()
        for _ in 0..<days {
            laptop.pass(10 * 3_600)
            laptop.restart(after: 14 * 3_600)
        }
        #expect(laptop.state.standing == expected)
    }

    @Test func theLastSecondsCount() {
        var rig = StateRig()
        rig.activate()
        rig.pass(30 * Self.day - 1)
        #expect(rig.state.standing == .active)
        rig.pass(1)
        #expect(rig.state.standing == .grace)
        rig.pass(14 * Self.day - 1)
        #expect(rig.state.standing == .grace)
        rig.pass(1)
        #expect(rig.state.standing == .free)
    }

    @Test func heartbeatsThatFailForEverChangeNothingByThemselves() {
        var rig = StateRig()
        rig.activate()
        for _ in 0..<29 {
            rig.pass(Self.day)
            for _ in 0..<100 { rig.send(.heartbeatFailed) }
            #expect(rig.state.standing == .renewing && rig.state.grant.tier == .enterprise)
        }
        rig.send(rig.reply(2))
        #expect(rig.state.standing == .active)
    }

    @Test func aClockThatIsSetTenYearsAheadOnlyStartsTheGrace() {
        var rig = StateRig()
        rig.activate()
        rig.time.wall += 3_650 * Self.day
        rig.send(.tick)
        #expect(rig.state.standing == .grace && rig.state.grant.tier == .enterprise)
        #expect(rig.notes.last == .clockAhead(seconds: 3_650 * Self.day))
        rig.pass(13 * Self.day)
        #expect(rig.state.standing == .grace)
        rig.notes = []
        rig.time.wall -= 3_650 * Self.day
        rig.send(.tick)
        #expect(rig.notes == [.changed(from: .grace, to: .active, why: .clock)])
    }

    @Test func theGraceOfAWrongClockIsFourteenRunningDaysAltogether() {
        var rig = StateRig()
        rig.activate()
        var days = 0
        // Right on every other day: what was spent stays spent.
        while rig.state.standing != .free, days < 100 {
            rig.time.wall += 3_650 * Self.day
            rig.send(.tick)
            rig.pass(Self.day)
            days += 1
            rig.time.wall -= 3_650 * Self.day
            rig.send(.tick)
            if rig.state.standing != .free { rig.pass(3_600) }
        }
        #expect(days == 14)
        // It does not come back by a clock.
        rig.pass(3_600)
        #expect(rig.state.standing == .free && rig.state.isLapsed)
        rig.send(rig.reply(5, terms: rig.terms(5)))
        #expect(rig.state.standing == .active)
    }

    @Test func aWrongClockGivesTimeEvenWithoutDaysOfGrace() {
        var rig = StateRig()
        rig.activate(grace: 0)
        rig.time.wall += 400 * Self.day
        rig.send(.tick)
        #expect(rig.state.standing == .grace)
        rig.time.wall -= 400 * Self.day
        rig.pass(30 * Self.day)
        #expect(rig.state.standing == .free)
    }

    @Test func aClockThatIsSetBackDoesNotStretchTheTime() {
        var rig = StateRig()
        rig.activate()
        rig.pass(20 * Self.day)
        rig.time.wall -= 3_650 * Self.day
        rig.send(.tick)
        #expect(rig.state.standing == .active)
        rig.pass(11 * Self.day)
        #expect(rig.state.standing == .grace)
        rig.restart(after: 0)
        rig.pass(14 * Self.day)
        #expect(rig.state.standing == .free)
    }

    @Test func aFlappingClockChangesNoTier() {
        var rig = StateRig()
        rig.activate()
        for hour in 0..<(24 * 10) {
            let jump = (hour % 2 == 0 ? 1 : -1) * 3_650 * Self.day
            rig.time.wall += jump
            rig.pass(3_600)
            #expect(rig.state.grant.tier == .enterprise)
        }
        #expect(rig.state.spentGrace <= 5 * Self.day)
        // The mark has gone with the time, not with the clock.
        #expect(rig.state.clock.mark == rig.now)
    }

    @Test func aMachineThatWasOffForTwoMonthsHasItsGrace() {
        var rig = StateRig()
        rig.activate()
        rig.restart(after: 60 * Self.day)
        #expect(rig.state.standing == .grace)
        rig.send(rig.reply(7, terms: rig.terms(7)))
        #expect(rig.state.standing == .active && rig.state.clock.wallAhead == nil)
    }

    @Test func aFreshSignedTimeMendsAMarkThatIsAhead() {
        var rig = StateRig()
        rig.activate()
        for _ in 0..<40 {
            rig.time.wall += 47 * 3_600
            rig.send(.tick)
        }
        #expect(rig.state.standing == .free)
        rig.time.wall = rig.now
        rig.send(rig.reply(3, terms: rig.terms(3)))
        #expect(rig.state.standing == .active && rig.state.clock.mark == rig.now)
    }

    @Test func extremeClocksAreHarmless() {
        var rig = StateRig()
        rig.activate()
        for wall in [Int.min, -1, 0, Int.max] {
            for steady in [Int.min, 0, Int.max] {
                rig.time = LicenseTime(wall: wall, steady: steady)
                rig.send(.tick)
            }
        }
        #expect(rig.state.clock.mark ?? 0 <= LicenseTime.latest)
    }
}
