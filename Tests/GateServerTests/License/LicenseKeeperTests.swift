import GateConfig
import GateCore
import GateLicense
import GateProtocol
import GateTestKit
import Logging
import Synchronization
import Testing

@testable import GateServer

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The license over starts, answers and broken files.
@Suite(.serialized) struct LicenseKeeperTests {
    private static let day = 86_400

    @Test func anActivationCountsAtOnceAndAfterAStart() async throws {
        let rig = try Rig()
        let keeper = try rig.start()
        #expect(keeper.view.tier == .free && keeper.warnings.isEmpty)
        let changes = Mutex<[LicenseGrant]>([])
        let watching = keeper.view.onChange { grant in changes.withLock { $0.append(grant) } }
        let status = try await keeper.activate(key: rig.authority.key.exposed)
        #expect(status["tier"]?.stringValue == "enterprise" && status["standing"]?.stringValue == "active")
        #expect(keeper.view.tier == .enterprise && changes.withLock { $0.map(\.tier) } == [.enterprise])
        watching.cancel()
        #expect(rig.records.withLock { $0 }.contains("license_active ok"))
        for file in ["license.json", "license.state", "license.key"] { #expect(rig.mode(file) == 0o600, "\(file)") }
        rig.isReachable.withLock { $0 = false }
        let again = try rig.start()
        #expect(again.view.tier == .enterprise && again.warnings.isEmpty)
        #expect(again.core.withLock { $0.record.state.instance } == keeper.core.withLock { $0.record.state.instance })
    }

    @Test func aTypingMistakeIsFoundWithoutTheNetwork() async throws {
        let rig = try Rig()
        let keeper = try rig.start()
        let key = rig.authority.key.exposed
        for wrong in [String(key.dropLast()), String(key.dropLast()) + "!", "SM" + key.dropFirst(2), ""] {
            await #expect(throws: GateError.self) { _ = try await keeper.activate(key: wrong) }
        }
        #expect(rig.authority.asked.isEmpty)
        do throws(GateError) {
            _ = try await keeper.activate(key: "SX" + key.dropFirst(2))
        } catch {
            #expect(
                error.code == .invalidParams && error.message.contains("stonemux")
                    && !error.message.contains(key.suffix(9)))
        }
    }

    @Test func heartbeatsRenewAndDoNothingElseByThemselves() async throws {
        let rig = try Rig()
        let keeper = try rig.start()
        _ = try await keeper.activate(key: rig.authority.key.exposed)
        for _ in 0..<20 {
            rig.pass(10 * Self.day)
            _ = try await keeper.refresh()
            #expect(keeper.view.tier == .enterprise)
        }
        rig.isReachable.withLock { $0 = false }
        for _ in 0..<29 {
            rig.pass(Self.day)
            await #expect(throws: GateError.self) { _ = try await keeper.refresh() }
            #expect(keeper.view.grant == LicenseGrant(standing: .renewing, tier: .enterprise))
        }
        rig.isReachable.withLock { $0 = true }
        _ = try await keeper.refresh()
        #expect(keeper.view.grant.standing == .active)
    }

    @Test func aRevocationSurvivesAndIsUndone() async throws {
        let rig = try Rig()
        var keeper = try rig.start()
        _ = try await keeper.activate(key: rig.authority.key.exposed)
        rig.authority.order(.die, "d1", effectiveIn: 3_600)
        _ = try await keeper.refresh()
        #expect(keeper.view.grant.standing == .revocationPending && keeper.view.tier == .enterprise)
        #expect(keeper.warnings.contains { $0.contains("revoked") })
        keeper = try rig.start()
        #expect(keeper.view.grant.standing == .revocationPending)
        rig.pass(3_600)
        keeper = try rig.start()
        #expect(keeper.view.grant == LicenseGrant(standing: .revoked, tier: .free))
        #expect(rig.records.withLock { $0 }.contains("license_revoked ok"))
        // The same order again is no new one, and no alarm.
        _ = try await keeper.refresh()
        #expect(await keeper.status()["heartbeat"]?["ignored_replies"]?.intValue == 0)
        rig.authority.order(.restore, "r1")
        _ = try await keeper.refresh()
        #expect(keeper.view.grant == LicenseGrant(standing: .active, tier: .enterprise))
    }

    @Test func aReplayIsCountedAndChangesNothing() async throws {
        let rig = try Rig()
        let keeper = try rig.start()
        _ = try await keeper.activate(key: rig.authority.key.exposed)
        rig.authority.order(.die, "d1", effectiveIn: 0)
        let old = Mutex<[UInt8]?>(nil)
        rig.tamper.withLock {
            $0 = { body in
                old.withLock { $0 = body }; return Array("{}".utf8)
            }
        }
        await #expect(throws: GateError.self) { _ = try await keeper.refresh() }
        rig.tamper.withLock { $0 = { _ in old.withLock { $0 } ?? [] } }
        await #expect(throws: GateError.self) { _ = try await keeper.refresh() }
        #expect(keeper.view.tier == .enterprise)
        #expect(await keeper.status()["heartbeat"]?["ignored_replies"]?.intValue == 2)
        #expect(rig.records.withLock { $0 }.filter { $0 == "license_reply_ignored LICENSE_SERVER_FAILED" }.count == 2)
    }

    @Test func theEndOfALicenseGivesItsSeatBack() async throws {
        let rig = try Rig()
        let keeper = try rig.start()
        _ = try await keeper.activate(key: rig.authority.key.exposed)
        let answer = try await keeper.deactivate()
        #expect(answer["seat"]?.stringValue == "given back" && keeper.view.tier == .free)
        #expect(rig.authority.asked.map(\.path) == ["/v1/activate", "/v1/deactivate"])
        #expect(try rig.start().view.tier == .free)
        await #expect(throws: GateError.self) { _ = try await keeper.deactivate() }
    }

    @Test func telemetryIsWhatIsShown() async throws {
        let rig = try Rig()
        let keeper = try rig.start()
        keeper.tell { Telemetry(uptimeSeconds: 7_200, backends: 4, calls: 1_234) }
        #expect(await keeper.telemetry() == [])
        _ = try await keeper.activate(key: rig.authority.key.exposed)
        var shown = try HeartbeatRequest(bytes: await keeper.telemetry())
        _ = try await keeper.refresh()
        var sent = try HeartbeatRequest(bytes: Array(rig.authority.asked.last?.body.utf8 ?? "".utf8))
        #expect(sent.nonce != shown.nonce)
        sent.nonce = shown.nonce
        #expect(sent == shown && sent.counters == ["tier": 2, "uptime_hours": 2, "backends": 4, "calls": 1_200])
        var config = rig.config
        config.license.telemetry = false
        let quiet = try rig.start(config)
        quiet.tell { Telemetry(uptimeSeconds: 7_200, backends: 4, calls: 1_234) }
        shown = try HeartbeatRequest(bytes: await quiet.telemetry())
        #expect(shown.counters.isEmpty)
    }

    // MARK: Files (LT-7)

    @Test func aFileThatIsMissingOrBrokenTakesNothingAway() async throws {
        let rig = try Rig()
        _ = try await rig.start().activate(key: rig.authority.key.exposed)
        rig.isReachable.withLock { $0 = false }
        for (content, words) in [
            (nil, "is missing"), ("", "holds no entitlement"), ("{\"kid\":", "holds no entitlement"),
        ] {
            if let content {
                try rig.directory.write(content, to: "data/license.json")
            } else {
                unlink(rig.path("license.json"))
            }
            let keeper = try rig.start()
            #expect(keeper.view.tier == .enterprise)
            #expect(keeper.warnings.contains { $0.contains(words) }, "\(keeper.warnings)")
        }
        unlink(rig.path("license.json"))
        mkdir(rig.path("license.json"), 0o700)
        #expect(try rig.start().warnings.contains { $0.contains("is no file") })
    }

    @Test func aStateThatIsBrokenMeansFreeAndStaysForTheOperator() async throws {
        let rig = try Rig()
        _ = try await rig.start().activate(key: rig.authority.key.exposed)
        let good = try #require(rig.directory.read("data/license.state"))
        for broken in [
            "", "nonsense", String(good.dropFirst()), good.replacing("\"lapsed\":false", with: "\"lapsed\":true"),
        ] {
            try rig.directory.write(broken, to: "data/license.state")
            let keeper = try rig.start()
            keeper.tick()
            await keeper.finish()
            #expect(keeper.view.tier == .free && keeper.warnings.contains { $0.contains("license.state") })
            #expect(rig.directory.read("data/license.state") == broken)
        }
        let keeper = try rig.start()
        _ = try await keeper.activate(key: rig.authority.key.exposed)
        #expect(keeper.view.tier == .enterprise && keeper.warnings.isEmpty)
        #expect(try rig.start().view.tier == .enterprise)
    }

    @Test func anActivationThatCannotBeKeptIsNone() async throws {
        let rig = try Rig()
        let keeper = try rig.start()
        // A directory in the way: what a full or read-only disk does, for every user.
        mkdir(rig.path("license.state"), 0o700)
        do throws(GateError) {
            _ = try await keeper.activate(key: rig.authority.key.exposed)
            Issue.record("activated, and lost at the next start")
        } catch {
            #expect(error.code == .storageFailed && error.message.hasPrefix("The license was not activated"))
        }
        #expect(keeper.view.tier == .free)
        rmdir(rig.path("license.state"))
        _ = try await keeper.activate(key: rig.authority.key.exposed)
        #expect(keeper.view.tier == .enterprise)
    }

    @Test func aFullDiskTakesNothingAwayLater() async throws {
        let rig = try Rig()
        let keeper = try rig.start()
        _ = try await keeper.activate(key: rig.authority.key.exposed)
        unlink(rig.path("license.state"))
        mkdir(rig.path("license.state"), 0o700)
        rig.pass(Self.day)
        _ = try await keeper.refresh()
        #expect(keeper.view.tier == .enterprise && keeper.warnings.contains { $0.contains("license.state") })
        rmdir(rig.path("license.state"))
        rig.pass(Self.day)
        _ = try await keeper.refresh()
        #expect(keeper.warnings.isEmpty)
        #expect(try rig.start().view.tier == .enterprise)
    }

    @Test func anEntitlementOfAnotherInstallationDoesNotCount() async throws {
        let rig = try Rig()
        _ = try await rig.start().activate(key: rig.authority.key.exposed)
        let other = try Rig()
        try other.directory.write(try #require(rig.directory.read("data/license.json")), to: "data/license.json")
        let keeper = try other.start()
        #expect(keeper.view.tier == .free)
        #expect(keeper.warnings.contains { $0.contains("another installation") }, "\(keeper.warnings)")
    }

    @Test func keysThatAreTrustedNoMoreEndTheLicenseInWords() async throws {
        let rig = try Rig()
        _ = try await rig.start().activate(key: rig.authority.key.exposed)
        var config = rig.config
        config.license.trustedKeys = [try ScriptedAuthority(seed: 3) { 0 }.trusted]
        let keeper = try rig.start(config)
        #expect(
            keeper.view.tier == .free && keeper.warnings.contains { $0.contains("not trusted") }, "\(keeper.warnings)")
        #expect(try rig.start().view.tier == .enterprise)
    }

    // MARK: Rig

    private final class Rig: Sendable {
        let directory: TemporaryDirectory
        /// One lock for all starts of one test.
        let state: StateDirectory
        let authority: ScriptedAuthority
        let config: GatewayConfig
        let time = Mutex(LicenseTime(wall: 1_800_000_000, steady: 1_000))
        let isReachable = Mutex(true)
        let tamper = Mutex<(@Sendable ([UInt8]) -> [UInt8])?>(nil)
        let records = Mutex<[String]>([])

        init() throws {
            directory = try TemporaryDirectory()
            state = try StateDirectory(path: directory.file("data"))
            let clock = Mutex<(@Sendable () -> Int)>({ 0 })
            authority = try ScriptedAuthority { clock.withLock { $0 }() }
            var config = GatewayConfig()
            config.license.licenseServer = "https://license.example"
            config.license.trustedKeys = [authority.trusted]
            self.config = config
            clock.withLock { $0 = { [weak self] in self?.time.withLock { $0.wall } ?? 0 } }
        }

        func path(_ name: String) -> String { directory.file("data/\(name)") }
        func mode(_ name: String) -> mode_t {
            var status = stat()
            return stat(path(name), &status) == 0 ? status.st_mode & 0o777 : 0
        }
        func pass(_ seconds: Int) {
            time.withLock { time in
                time.wall += seconds
                time.steady += seconds
            }
        }
        func start(_ changed: GatewayConfig? = nil) throws -> LicenseKeeper {
            let transport = LicenseTransport { [self] url, body throws(LicenseFailure) in
                guard isReachable.withLock({ $0 }) else { throw .unreachable("it is off") }
                let (status, answer) = authority.answer(String(url.dropFirst("https://license.example".count)), body)
                return .init(status: status, body: tamper.withLock { $0 }?(answer) ?? answer)
            }
            return LicenseKeeper(
                changed ?? config, state, transport: transport, version: "1.0", logger: Logger(label: "test"),
                clock: { [self] in time.withLock { $0 } }, random: { 0.5 }
            ) { [self] action, _, result, _ in records.withLock { $0.append("\(action) \(result)") } }
        }
    }
}
