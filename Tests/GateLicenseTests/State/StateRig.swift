import GateCore
import Testing

@testable import GateLicense

/// A license and the two clocks of its machine, which a test moves as it likes.
struct StateRig {
    static let instance = "instance-1"
    static let license = "license-1"
    static let start = 1_800_000_000
    static let day = 86_400
    static let kid = KeyID("0123456789abcdef")!

    var state = LicenseState(instance: StateRig.instance)
    var time = LicenseTime(wall: StateRig.start, steady: 5_000)
    /// What the real time is, whatever the wall clock says.
    var now = StateRig.start
    var notes: [LicenseNote] = []

    /// Lets time pass, in steps as a running gateway has them.
    mutating func pass(_ seconds: Int, step: Int = 3_600) {
        var left = seconds
        while left > 0 {
            let passed = min(step, left)
            left -= passed
            now += passed
            time.wall += passed
            time.steady += passed
            send(.tick)
        }
    }

    mutating func send(_ event: LicenseEvent) { notes += state.handle(event, at: time) }

    /// Starts again, as after the machine was off for a while.
    mutating func restart(after seconds: Int) {
        now += seconds
        time = LicenseTime(wall: time.wall + seconds, steady: 100)
        guard let again = LicenseState(json: state.json, terms: state.terms) else { return }
        state = again
        send(.tick)
    }

    func terms(
        _ seq: Int, tier: LicenseTier = .enterprise, days: Int = 30, grace: Int = 14,
        license: String = StateRig.license,
        instance: String = StateRig.instance
    ) -> Entitlement {
        Entitlement(
            kid: StateRig.kid, licenseID: license, instanceID: instance, tier: tier, issuedAt: now,
            notAfter: now + days * StateRig.day,
            graceDays: grace, seq: seq)
    }

    func reply(
        _ seq: Int, terms: Entitlement? = nil, order: LicenseCommand? = nil, license: String = StateRig.license,
        instance: String = StateRig.instance
    ) -> LicenseEvent {
        .reply(
            LicenseReply(
                licenseID: license, instanceID: instance, serverTime: now, seq: seq, terms: terms, order: order))
    }

    func order(
        _ kind: LicenseCommand.Kind, _ id: String, seq: Int, effectiveIn: Int = 3 * StateRig.day,
        validFor: Int = StateRig.day
    ) -> LicenseCommand {
        LicenseCommand(
            kind: kind, id: id, reasonCode: "test", effectiveAt: now + effectiveIn, notAfter: now + validFor, seq: seq)
    }

    mutating func activate(_ seq: Int = 1, tier: LicenseTier = .enterprise, days: Int = 30, grace: Int = 14) {
        send(.activated(terms(seq, tier: tier, days: days, grace: grace), at: now, seq: seq))
    }

    mutating func die(_ id: String = "d1", seq: Int = 2, effectiveIn: Int = 3 * StateRig.day) {
        send(reply(seq, order: order(.die, id, seq: seq, effectiveIn: effectiveIn)))
    }

    /// Checks the refusals since the last time.
    mutating func refusals(are expected: [LicenseRefusal], _ location: SourceLocation = #_sourceLocation) {
        let found = notes.compactMap { if case .refused(let why) = $0 { why } else { nil } }
        #expect(found == expected, sourceLocation: location)
        notes = []
    }
}
