import GateCore
import GateCrypto
import GateLicense
import Synchronization

/// The start: from files alone, without the network, and whatever is wrong with them.
extension LicenseKeeper {
    /// The entitlement's file, when it says something that the state does not know.
    struct FoundEntitlement: Sendable {
        let terms: Entitlement
        let envelope: SignedEnvelope
    }

    static func load(
        _ files: LicenseFiles, pinned: [[VerificationKey]], time: LicenseTime, random: Double
    ) -> (core: Core, found: FoundEntitlement?) {
        var problems: [String] = []
        var record: LicenseRecord?
        var ring = KeyRing(pinned: pinned)
        var keepsUnusable = false
        switch files.state() {
        case .nothing: break
        case .unusable(let why):
            keepsUnusable = true
            problems.append("\(why), so what it says of the license does not count. Run: stonegate activate")
        case .bytes(let bytes):
            record = LicenseRecord(bytes: bytes) { kept in
                ring = KeyRing(pinned: pinned, rotations: kept.rotations, used: kept.used)
                guard let envelope = kept.envelope else { return nil }
                do throws(WireError) {
                    return try ring.open(envelope, as: Entitlement.self, kept: true)
                } catch {
                    problems.append("the entitlement that was kept does not count any more: \(error)")
                    return nil
                }
            }
            if record == nil {
                keepsUnusable = true
                problems.append(
                    "\(files.directory.path)/\(LicenseFiles.stateName) is of another version and does not count.")
            }
        }
        let isNew = record == nil
        let known = record ?? LicenseRecord(state: LicenseState(instance: makeInstance()))
        let found = entitlement(files, known, ring, isNew: isNew, &problems)
        let age = known.lastAnswer.map { max(0, time.wall - $0) }
        var core = Core(
            record: known, ring: ring, schedule: HeartbeatSchedule(now: time.steady, age: age, random: random))
        core.fileProblems = problems
        core.keepsUnusable = keepsUnusable
        core.lastSave = time.steady
        return (core, found)
    }

    private static func entitlement(
        _ files: LicenseFiles, _ known: LicenseRecord, _ ring: KeyRing, isNew: Bool, _ problems: inout [String]
    ) -> FoundEntitlement? {
        let goesOn = known.state.terms == nil ? "" : "; the copy in the data directory counts"
        switch files.entitlement() {
        case .nothing:
            if known.state.terms != nil {
                problems.append(
                    "\(files.entitlementPath) is missing\(goesOn). To end the license: stonegate deactivate")
            }
            return nil
        case .unusable(let why):
            problems.append(why + goesOn)
            return nil
        case .bytes(let bytes):
            do throws(WireError) {
                let envelope = try SignedEnvelope(bytes: bytes)
                if envelope == known.envelope, known.state.terms != nil { return nil }
                let terms = try ring.open(envelope, as: Entitlement.self, kept: envelope == known.envelope)
                return FoundEntitlement(terms: terms, envelope: envelope)
            } catch {
                problems.append("\(files.entitlementPath) holds no entitlement that counts: \(error)\(goesOn)")
                return nil
            }
        }
    }

    /// Random, so that it says nothing of the machine.
    private static func makeInstance() -> String {
        var random = SystemRandomNumberGenerator()
        return Hex.encode((0..<16).map { _ in UInt8.random(in: .min ... .max, using: &random) })
    }

    /// The file may be older than what is known: then it stays a file.
    func take(found: FoundEntitlement) {
        let notes = advance(.found(found.terms)) { core in
            if core.record.state.terms == found.terms { core.record.envelope = found.envelope }
        }
        for case .refused(let why) in notes {
            let words = "\(files.entitlementPath) does not count: \(why.words)"
            core.withLock { $0.fileProblems.append(words) }
        }
    }
}
