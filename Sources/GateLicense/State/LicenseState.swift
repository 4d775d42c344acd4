package import GateCore

/// How the license of one installation stands: a value that is told what happens, and when.
///
/// `free → active → (renewing) → grace → free`, `active → revocation pending → revoked`, and from everywhere to active by a newer
/// entitlement. Nothing but a verified message, the end of a time, or the operator changes it: above all not a license server that is
/// silent, and not a clock that is set.
package struct LicenseState: Sendable, Equatable {
    package struct Revocation: Sendable, Equatable {
        package var id: String
        package var reason: String
        package var effectiveAt: Int
        /// Has been since a moment that must not come undone by a clock.
        package var isEffective: Bool
    }

    /// Made at random at the first start; entitlements are bound to it.
    package let instance: String
    package internal(set) var clock: TrustedClock
    package internal(set) var terms: Entitlement?
    package internal(set) var revocation: Revocation?
    package internal(set) var standing = LicenseStanding.free
    /// The times of the entitlement, grace included, are over. Only a newer one changes that.
    package internal(set) var isLapsed = false
    /// Seconds of grace that ran on the steady clock, while the machine's clock was not believed.
    package internal(set) var spentGrace = 0
    /// Heartbeats in a row that brought nothing. Not kept over restarts.
    package internal(set) var failures = 0
    var sequences: SequenceBook
    var usedOrders: [String]

    static let mostUsedOrders = 256
    private static let leastClockGrace = 14 * LicenseTime.day

    package init(instance: String) {
        self.instance = instance
        clock = TrustedClock()
        sequences = SequenceBook()
        usedOrders = []
    }

    /// What it means for the rest of the gateway.
    package var grant: LicenseGrant {
        guard let terms, standing != .free, standing != .revoked else {
            return LicenseGrant(standing: standing, tier: .free)
        }
        return LicenseGrant(standing: standing, tier: terms.grantedTier, limits: terms.grantedLimits)
    }

    /// The end of the entitlement with its days of grace; nil without a license.
    package var graceEnds: Int? { terms.map { $0.notAfter + $0.grace - spentGrace } }

    // MARK: Events

    /// - Returns: what it has led to; empty when nothing has changed.
    package mutating func handle(_ event: LicenseEvent, at time: LicenseTime) -> [LicenseNote] {
        let before = standing
        let wasAhead = clock.wallAhead != nil && standing == .grace
        var notes: [LicenseNote] = []
        let passed = clock.advance(time)
        spend(passed, time)
        var cause = LicenseCause.expiry
        do throws(LicenseRefusal) {
            switch event {
            case .tick: break
            case .found(let terms):
                cause = .entitlement
                if try accept(terms, newerThan: sequences, time) { notes.append(.renewed(sequence: terms.seq)) }
            case .activated(let terms, let signed, let seq):
                cause = .activation
                if try activate(terms, at: signed, seq: seq, time) { notes.append(.renewed(sequence: terms.seq)) }
            case .reply(let reply):
                cause = try take(reply, time, &notes)
            case .heartbeatFailed:
                failures = min(failures + 1, 1_000_000)
                cause = .heartbeatFailed
            case .deactivated:
                cause = .deactivation
                clear()
            }
        } catch {
            notes.append(.refused(error))
        }
        settle(time)
        if standing != before {
            notes.append(.changed(from: before, to: standing, why: actual(cause, before)))
        }
        if let ahead = clock.wallAhead, standing == .grace, !wasAhead { notes.append(.clockAhead(seconds: ahead)) }
        return notes
    }

    /// Time can have its part in any event: what it did is not the message's doing.
    private func actual(_ cause: LicenseCause, _ before: LicenseStanding) -> LicenseCause {
        switch (before, standing) {
        case (_, .revoked): .revocationEffective
        case (_, .grace): before == .revocationPending ? cause : .expiry
        case (.grace, .active), (.grace, .renewing):
            [.expiry, .heartbeatFailed].contains(cause) ? .clock : cause
        case (_, .free): cause == .deactivation ? cause : .expiry
        default: cause
        }
    }

    /// Makes the standing what it must be at this moment.
    private mutating func settle(_ time: LicenseTime) {
        guard let terms, let now = clock.mark else {
            standing = .free
            return
        }
        if now >= terms.notAfter, spentGrace + now - terms.notAfter >= terms.grace { isLapsed = true }
        if spentGrace >= clockGrace(terms) { isLapsed = true }
        if let revocation, revocation.isEffective || now >= revocation.effectiveAt {
            self.revocation?.isEffective = true
            standing = .revoked
        } else if isLapsed {
            standing = .free
        } else if revocation != nil {
            standing = .revocationPending
        } else if isOver(terms, now, time) {
            standing = .grace
        } else {
            standing = failures > 0 ? .renewing : .active
        }
    }

    /// Whether the entitlement's own time is over, by the trusted clock or by one that may be wrong.
    private func isOver(_ terms: Entitlement, _ now: Int, _ time: LicenseTime) -> Bool {
        now >= terms.notAfter || (clock.wallAhead != nil && time.wall >= terms.notAfter)
    }

    /// Grace runs by the steady clock while only a clock that is not believed says that it has begun.
    private mutating func spend(_ passed: Int, _ time: LicenseTime) {
        guard let terms, let now = clock.mark, standing == .grace || standing == .revocationPending else { return }
        guard now < terms.notAfter, clock.wallAhead != nil, time.wall >= terms.notAfter else { return }
        spentGrace = min(spentGrace + passed, clockGrace(terms))
    }

    /// A clock that may be wrong gives time to set it, even where the license gives none.
    private func clockGrace(_ terms: Entitlement) -> Int { max(terms.grace, LicenseState.leastClockGrace) }

    mutating func clear() {
        terms = nil
        revocation = nil
        isLapsed = false
        spentGrace = 0
        failures = 0
    }
}
