import GateCore
import GateLicense
package import GateProtocol
import Logging
import Synchronization

/// Asking the license server: for an entitlement, and whether there is news.
extension LicenseKeeper {
    package func activate(key: String) async throws(GateError) -> JSONValue {
        let parsed: LicenseKey
        do throws(LicenseKeyError) {
            parsed = try LicenseKey(key)
        } catch {
            throw GateError(
                .invalidParams, "The key cannot be used: \(error). Nothing was sent.", source: .caller)
        }
        let nonce = LicenseKeeper.makeNonce()
        let (ring, instance) = core.withLock { ($0.ring, $0.record.state.instance) }
        let asked = clock().steady
        let activation: LicenseClient.Activation
        do throws(LicenseFailure) {
            activation = try await client.activate(parsed, instance: instance, nonce: nonce, ring: ring)
            guard clock().steady - asked <= OutstandingNonce.life else {
                throw LicenseFailure.invalid("it came more than a minute after the question")
            }
        } catch {
            ignored(error)
            record("license_activate", "", error.code.rawValue, nil)
            throw error.gateError
        }
        let result = await perform { [self] in take(activation) }
        if let error = result { throw error }
        return await status()
    }

    /// Nothing counts that could not be kept: whoever activates hears of it, and can mend it.
    private func take(_ activation: LicenseClient.Activation) -> GateError? {
        let before = core.withLock { $0.record }
        let beforeRing = core.withLock { $0.ring }
        let time = clock()
        let reply = activation.reply
        let (notes, state) = core.withLock { core in
            let notes = core.record.state.handle(
                .activated(activation.entitlement, at: reply.serverTime, seq: reply.seq), at: time)
            if core.record.state.terms == activation.entitlement {
                core.record.envelope = reply.entitlement
                core.record.lastAnswer = reply.serverTime
                core.ring = activation.ring
                core.schedule.succeeded(now: time.steady, random: random())
            }
            return (notes, core.record.state)
        }
        for case .refused(let why) in notes {
            tell(notes, of: state)
            return GateError(
                .licenseRefused,
                "The entitlement that the license server sent does not count: \(why.words). Nothing has changed.")
        }
        if let error = save() {
            core.withLock { core in
                core.record = before
                core.ring = beforeRing
            }
            var told = error
            told.message = "The license was not activated: \(error.message)"
            return told
        }
        tell(notes, of: state)
        let problem = files.save(entitlement: reply.entitlement.bytes)
        core.withLock { $0.fileProblems = problem.map { ["\($0); the copy in the data directory counts"] } ?? [] }
        current.set(state.grant)
        return nil
    }

    package func refresh() async throws(GateError) -> JSONValue {
        guard core.withLock({ $0.record.state.terms != nil }) else {
            throw GateError(
                .licenseRefused, "There is no license to ask about. Activate one: stonegate activate", source: .caller)
        }
        do throws(LicenseFailure) {
            try await beat()
        } catch {
            throw error.gateError
        }
        return await status()
    }

    /// One heartbeat. However it ends, the tier stays unless a signed message says otherwise.
    func beat() async throws(LicenseFailure) {
        let question = await question()
        let isFirst = core.withLock { core in
            defer { core.isAsking = true }
            guard !core.isAsking else { return false }
            core.nonce.ask(question?.nonce.raw ?? [], now: clock().steady)
            return true
        }
        guard isFirst, let question else {
            if isFirst { core.withLock { $0.isAsking = false } }
            throw .unreachable(
                isFirst ? "there is no license to ask about" : "a heartbeat is under way; try again in a moment")
        }
        let ring = core.withLock { $0.ring }
        do throws(LicenseFailure) {
            let beat = try await client.heartbeat(question, ring: ring)
            let isAwaited = await perform { [self] in take(beat) }
            guard isAwaited else { throw LicenseFailure.invalid("it answers no question that is open") }
        } catch {
            ignored(error)
            await perform { [self] in
                _ = advance(.heartbeatFailed) { core in
                    core.isAsking = false
                    core.lastProblem = error.words
                    core.schedule.failed(now: clock().steady, random: random())
                }
            }
            throw error
        }
    }

    /// - Returns: whether it was waited for.
    private func take(_ beat: LicenseClient.Beat) -> Bool {
        let now = clock().steady
        guard core.withLock({ $0.nonce.redeem(beat.nonce.raw, now: now) }) else { return false }
        let before = core.withLock { $0.record.envelope }
        let notes = advance(.reply(beat.reply)) { core in
            core.isAsking = false
            core.lastProblem = nil
            core.ring = beat.ring
            core.record.lastAnswer = beat.reply.serverTime
            core.schedule.succeeded(now: now, random: random())
            if let terms = beat.reply.terms, core.record.state.terms == terms { core.record.envelope = beat.envelope }
        }
        let after = core.withLock { $0.record.envelope }
        if let after, after != before, let problem = files.save(entitlement: after.bytes) {
            core.withLock { $0.fileProblems = ["\(problem); the copy in the data directory counts"] }
        }
        for case .refused(let why) in notes where why != .orderUsed { ignored(.invalid(why.words)) }
        return true
    }

    package func deactivate() async throws(GateError) -> JSONValue {
        let (ring, state) = core.withLock { ($0.ring, $0.record.state) }
        guard let terms = state.terms else {
            throw GateError(.licenseRefused, "There is no license here to end.", source: .caller)
        }
        var seat = "given back"
        do throws(LicenseFailure) {
            try await client.deactivate(
                license: terms.licenseID, instance: state.instance, nonce: LicenseKeeper.makeNonce(), ring: ring)
        } catch {
            ignored(error)
            seat = "not given back: \(error.words)"
        }
        let failure = await perform { [self] () -> String? in
            _ = advance(.deactivated) { $0.record.envelope = nil }
            let failure = files.removeEntitlement() ?? save()?.message
            core.withLock { $0.fileProblems = failure.map { [$0] } ?? [] }
            return failure
        }
        if let failure {
            throw GateError(.storageFailed, "The license counts no longer, until the next start: \(failure)")
        }
        var answer = await status().objectValue ?? JSONObject()
        answer["seat"] = .string(seat)
        return .object(answer)
    }

    /// Something that looked like an answer and was none.
    private func ignored(_ failure: LicenseFailure) {
        guard failure.isSuspicious else { return }
        core.withLock { $0.ignored += 1 }
        logger.warning("license: \(failure.words)")
        record("license_reply_ignored", "", ErrorCode.licenseServerFailed.rawValue, failure.words)
    }

    /// What the next heartbeat says; nil without a license.
    func question() async -> HeartbeatRequest? {
        let counts = self.counts.withLock { $0 }
        let telemetry = sendsTelemetry ? await counts?() : nil
        let state = core.withLock { $0.record.state }
        guard let terms = state.terms else { return nil }
        let tier = Tier.allCases.firstIndex(of: state.grant.tier) ?? 0
        return HeartbeatRequest(
            licenseID: terms.licenseID, instanceID: state.instance, nonce: LicenseKeeper.makeNonce(),
            version: client.version, counters: telemetry?.counters(tier: tier) ?? [:])
    }

    private static func makeNonce() -> Nonce {
        var random = SystemRandomNumberGenerator()
        return Nonce(using: &random)
    }
}

extension LicenseFailure {
    var code: ErrorCode {
        switch self {
        case .unreachable, .invalid: .licenseServerFailed
        case .declined: .licenseRefused
        case .noKeys: .configInvalid
        }
    }

    /// For whoever asked for it.
    var gateError: GateError {
        GateError(code, "Nothing has changed: \(words).", source: self == .noKeys ? .caller : .gateway)
    }
}
