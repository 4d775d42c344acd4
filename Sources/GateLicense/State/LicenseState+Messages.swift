/// What verified messages do to a license.
extension LicenseState {
    /// Puts an entitlement in force.
    ///
    /// - Parameter known: what was accepted before the message that it came in.
    /// - Returns: whether it is another one than before.
    mutating func accept(
        _ new: Entitlement, newerThan known: SequenceBook, _ time: LicenseTime
    ) throws(LicenseRefusal) -> Bool {
        guard new.instanceID.utf8.elementsEqual(instance.utf8) else { throw .otherInstance }
        if let terms, terms == new { return false }
        guard known.isNewer(new.seq, for: new.licenseID) else { throw .oldSequence }
        var clock = self.clock
        clock.raise(new.issuedAt, time)
        if let now = clock.mark, now >= new.notAfter + new.grace { throw .expired }
        self.clock = clock
        clear()
        terms = new
        sequences.note(new.seq, for: new.licenseID)
        return true
    }

    /// - Parameters:
    ///   - signed: when the server answered our nonce.
    ///   - seq: of its answer.
    mutating func activate(
        _ new: Entitlement, at signed: Int, seq: Int, _ time: LicenseTime
    ) throws(LicenseRefusal) -> Bool {
        let known = sequences
        guard !known.isOlder(seq, for: new.licenseID) else { throw .oldSequence }
        let before = clock
        clock.set(signed, time)
        do throws(LicenseRefusal) {
            let isNew = try accept(new, newerThan: known, time)
            sequences.note(seq, for: new.licenseID)
            return isNew
        } catch {
            clock = before
            throw error
        }
    }

    /// - Returns: what its part was in a change of the standing.
    mutating func take(
        _ reply: LicenseReply, _ time: LicenseTime, _ notes: inout [LicenseNote]
    ) throws(LicenseRefusal) -> LicenseCause {
        guard let terms else { throw .noLicense }
        guard reply.instanceID.utf8.elementsEqual(instance.utf8) else { throw .otherInstance }
        guard reply.licenseID.utf8.elementsEqual(terms.licenseID.utf8) else { throw .otherLicense }
        guard !sequences.isOlder(reply.seq, for: reply.licenseID) else { throw .oldSequence }
        let known = sequences
        clock.set(reply.serverTime, time)
        failures = 0
        var cause = LicenseCause.heartbeat
        // Both in one reply: what was signed later counts in the end.
        let orderComesFirst = (reply.order?.seq ?? 0) <= (reply.terms?.seq ?? 0)
        for step in orderComesFirst ? [Step.order, .terms] : [.terms, .order] {
            do throws(LicenseRefusal) {
                switch step {
                case .order:
                    guard let order = reply.order else { continue }
                    try carryOut(order, reply, known)
                    cause = order.kind == .die ? .revocation : .restoration
                case .terms:
                    guard let new = reply.terms else { continue }
                    guard new.licenseID.utf8.elementsEqual(reply.licenseID.utf8) else { throw .otherLicense }
                    let before = revocation
                    guard try accept(new, newerThan: known, time) else { continue }
                    // An authority that tells a revocation again has not taken it back.
                    if let before, reply.order?.kind == .die, reply.order?.id == before.id { revocation = before }
                    notes.append(.renewed(sequence: new.seq))
                    cause = .heartbeat
                }
            } catch {
                notes.append(.refused(error))
            }
        }
        sequences.note(reply.seq, for: reply.licenseID)
        return cause
    }

    private enum Step { case order, terms }

    /// All conditions of an order but those of the reply that it came in. Whoever sends it has to be sure of what is wanted now: an
    /// old one, one for later, or the same twice is none.
    private mutating func carryOut(
        _ order: LicenseCommand, _ reply: LicenseReply, _ known: SequenceBook
    ) throws(LicenseRefusal) {
        guard !usedOrders.contains(where: { $0.utf8.elementsEqual(order.id.utf8) }) else { throw .orderUsed }
        guard known.isNewer(order.seq, for: reply.licenseID) else { throw .oldSequence }
        let now = clock.mark ?? reply.serverTime
        guard now <= order.notAfter else { throw .orderVoid }
        guard order.notAfter - now <= LicenseCommand.maximumValidity else { throw .orderTooLong }
        usedOrders.append(order.id)
        if usedOrders.count > LicenseState.mostUsedOrders { usedOrders.removeFirst() }
        sequences.note(order.seq, for: reply.licenseID)
        switch order.kind {
        case .die:
            // What has come into effect is not put off by a second order.
            guard revocation?.isEffective != true else { return }
            revocation = Revocation(
                id: order.id, reason: order.reasonCode, effectiveAt: order.effectiveAt, isEffective: false)
        case .restore: revocation = nil
        }
    }
}
