import GateCore
import GateLicense
package import GateProtocol
import Logging
import Synchronization

/// What the operator gets to know.
extension LicenseKeeper {
    /// Into the audit log and the log.
    func tell(_ notes: [LicenseNote], of state: LicenseState) {
        let license = state.terms?.licenseID ?? ""
        for note in notes {
            switch note {
            case .changed(let from, let to, let why):
                let words = "from \(from.rawValue), by \(why.rawValue), tier \(state.grant.tier.rawValue)"
                record("license_\(to.rawValue)", license, "ok", words)
                if to == .active || to == .renewing || why == .deactivation {
                    logger.notice("license: \(to.rawValue), \(words)")
                } else {
                    logger.warning("license: \(to.rawValue), \(words)")
                }
            case .renewed(let sequence):
                record("license_entitlement", license, "ok", "sequence \(sequence), tier \(state.grant.tier.rawValue)")
                logger.notice("license: a new entitlement counts", metadata: ["sequence": "\(sequence)"])
            // Orders are told with every heartbeat until there is another.
            case .refused(.orderUsed): break
            case .refused(let why):
                record("license_message_ignored", license, why.rawValue, why.words)
                logger.warning("license: a message was ignored: \(why.words)")
            case .clockAhead(let seconds):
                record("license_clock_ahead", license, "ok", "by \(seconds) s")
                logger.warning(
                    "license: this machine's clock is \(seconds / 3_600) hours ahead of all that is known; the license does not end by it"
                )
            }
        }
    }

    /// For `/health`: what the operator has to know of the license before it bites.
    package var warnings: [String] {
        let (state, files, save) = core.withLock { ($0.record.state, $0.fileProblems, $0.saveProblem) }
        var words = files.map { "license: \($0)" }
        if let save { words.append("license: \(save)") }
        let tier = state.terms?.grantedTier.title ?? Tier.free.title
        switch state.standing {
        case .free where state.isLapsed:
            words.append("the \(tier) license is over; run: stonegate status --refresh")
        case .free, .active, .renewing: break
        case .grace:
            let end = state.graceEnds.map(LicenseKeeper.date) ?? "soon"
            words.append(
                state.clock.wallAhead == nil
                    ? "the \(tier) license has expired and stays until \(end); run: stonegate status --refresh"
                    : "this machine's clock is ahead of all that is known, and the \(tier) license would be over by it; set the clock"
            )
        case .revocationPending:
            let moment = state.revocation.map { LicenseKeeper.date($0.effectiveAt) } ?? "soon"
            words.append(
                "the license was revoked (\(state.revocation?.reason ?? "")): \(tier) stays until \(moment), then Free counts for what is new"
            )
        case .revoked:
            words.append(
                "the license was revoked (\(state.revocation?.reason ?? "")): Free counts for what is new; what had been accepted goes on"
            )
        }
        return words
    }

    package func status() async -> JSONValue {
        let (core, time) = (core.withLock { $0 }, clock())
        let state = core.record.state
        var object = JSONObject([
            ("tier", .string(state.grant.tier.rawValue)), ("standing", .string(state.standing.rawValue)),
            ("instance_id", .string(state.instance)),
        ])
        if let terms = state.terms {
            object["license_id"] = .string(terms.licenseID)
            object["licensed_tier"] = .string(terms.grantedTier.rawValue)
            object["issued_at"] = .string(LicenseKeeper.date(terms.issuedAt))
            object["expires_at"] = .string(LicenseKeeper.date(terms.notAfter))
            object["grace_ends_at"] = .string(LicenseKeeper.date(state.graceEnds ?? terms.notAfter))
            object["sequence"] = .init(terms.seq)
            var limits = JSONObject()
            if let backends = terms.limits.backends { limits["backends"] = .init(backends) }
            if let agents = terms.limits.agents { limits["agents"] = .init(agents) }
            object["limits"] = .object(limits)
            object["heartbeat"] = heartbeat(core, time)
        }
        if let revocation = state.revocation {
            object["revocation"] = [
                "reason": .string(revocation.reason),
                "effective_at": .string(LicenseKeeper.date(revocation.effectiveAt)),
                "effective": .init(revocation.isEffective),
            ]
        }
        object["key_file"] = .string(files.entitlementPath)
        object["warnings"] = .array(warnings.map { .string($0) })
        object["next"] = .array(next(core).map { .string($0) })
        return .object(object)
    }

    private func heartbeat(_ core: Core, _ time: LicenseTime) -> JSONValue {
        var object = JSONObject([
            ("server", .string(client.server)), ("telemetry", .init(sendsTelemetry)),
            ("failures", .init(core.record.state.failures)), ("ignored_replies", .init(core.ignored)),
            ("next_in_seconds", .init(max(0, core.schedule.due - time.steady))),
        ])
        if let last = core.record.lastAnswer { object["last_answer_at"] = .string(LicenseKeeper.date(last)) }
        if let problem = core.lastProblem { object["last_problem"] = .string(problem) }
        return .object(object)
    }

    /// What to do next, as commands.
    private func next(_ core: Core) -> [String] {
        let state = core.record.state
        if core.ring.isEmpty, state.terms == nil {
            return ["set trusted_keys in [license] to the key of your license authority, then run: stonegate activate"]
        }
        switch state.standing {
        case .free where state.terms == nil: return ["stonegate activate"]
        case .free, .grace: return ["stonegate status --refresh"]
        case .revocationPending, .revoked:
            return ["ask who issued the license; after a restore: stonegate status --refresh"]
        case .active: return []
        case .renewing: return ["stonegate status --refresh"]
        }
    }

    package func telemetry() async -> [UInt8] { await question()?.bytes ?? [] }

    static func date(_ seconds: Int) -> String {
        WallClock.text(min(max(seconds, 0), LicenseTime.latest) * 1_000)
    }
}
