import GateLicense
import GateProtocol
import GateTestKit
import Testing

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The license of the real gateway, from the real commands, against an authority that says what the test wants.
@Suite(.serialized, .timeLimit(.minutes(3))) struct LicenseLifeTests {
    private func authority() throws -> ScriptedAuthority { try ScriptedAuthority { LicenseLifeTests.now } }

    private static var now: Int { Int(Date().timeIntervalSince1970) }

    private func config(_ authority: ScriptedAuthority, _ server: ScriptedServer, _ more: String = "") -> String {
        """
        [license]
        license_server = "\(server.url)"
        trusted_keys = ["\(authority.trusted)"]

        [audit]
        enabled = true

        \(more)
        """
    }

    private func stonegate(
        _ directory: TemporaryDirectory, _ arguments: String..., input: String = ""
    ) async throws -> (exit: Program.Exit, output: String, errors: String) {
        try await Program.run(
            Products.path("stonegate"), arguments + ["--config", directory.file("config.toml")], input: input,
            environment: ["HOME": directory.path, "PATH": "/usr/bin:/bin"])
    }

    private func tier(_ gateway: GatewayProcess) async throws -> String? {
        try await gateway.json("/health")["tier"]?.stringValue
    }

    @Test func aLicenseIsActivatedShownAndEnded() async throws {
        let authority = try authority()
        let server = try authority.serve()
        let gateway = try await GatewayProcess.start(config(authority, server))
        #expect(try await tier(gateway) == "free")
        let run = try await stonegate(
            gateway.directory, "activate", "--key-file", "-", input: authority.key.exposed.lowercased() + "\n")
        #expect(run.exit == .code(0) && run.output.hasPrefix("license: Enterprise, until "), "\(run)")
        #expect(try await tier(gateway) == "enterprise")

        let status = try await stonegate(gateway.directory, "status")
        #expect(status.exit == .code(0) && status.output.contains("license: Enterprise"), "\(status)")
        #expect(status.output.contains("used: 0 backends") && status.output.contains("heartbeat: last answer"))
        let json = try JSONValue(parsing: try await stonegate(gateway.directory, "status", "--json").output)
        #expect(json["license"]?["standing"]?.stringValue == "active")
        #expect(json["license"]?["license_id"]?.stringValue == ScriptedAuthority.license)

        var shown = try HeartbeatRequest(
            bytes: Array(try await stonegate(gateway.directory, "status", "--telemetry").output.utf8))
        #expect(try await stonegate(gateway.directory, "status", "--refresh").exit == .code(0))
        var sent = try HeartbeatRequest(bytes: Array(authority.asked.last?.body.utf8 ?? "".utf8))
        shown.nonce = sent.nonce
        (shown.counters["calls"], sent.counters["calls"]) = (0, 0)
        #expect(sent == shown && Set(sent.counters.keys) == ["backends", "calls", "tier", "uptime_hours"])

        // It is known after a start without the network.
        server.stop()
        #expect(try await gateway.stop() == .code(0))
        let again = try await GatewayProcess.start(
            config(authority, server), directory: gateway.directory, port: gateway.port)
        #expect(try await tier(again) == "enterprise")
        let ended = try await stonegate(gateway.directory, "deactivate")
        #expect(ended.exit == .code(0) && ended.output.contains("its seat is not given back"), "\(ended)")
        #expect(try await tier(again) == "free")
        let records = try await stonegate(gateway.directory, "audit", "export")
        for action in ["license_active", "license_entitlement", "license_free"] {
            #expect(records.output.contains("\"\(action)\""), "\(action)")
        }
        try await again.stop()
    }

    @Test func theKeyIsNowhereToBeSeen() async throws {
        let authority = try authority()
        let server = try authority.serve()
        let gateway = try await GatewayProcess.start(config(authority, server))
        let secret = String(authority.key.exposed.suffix(14))
        let run = try await stonegate(gateway.directory, "activate", "--key", authority.key.exposed)
        #expect(run.exit == .code(0) && run.errors.contains("other users of this machine can see this key"), "\(run)")
        let typo = try await stonegate(gateway.directory, "activate", "--key", authority.key.exposed + "X")
        #expect(typo.exit == .code(1) && typo.errors.contains("INVALID_PARAMS"), "\(typo)")
        var seen = run.output + run.errors + typo.output + typo.errors
        for path in ["/config", "/license", "/log", "/health", "/stats"] {
            seen += try await gateway.admin("GET", path).text
        }
        seen += try await stonegate(gateway.directory, "audit", "export").output
        try await gateway.stop()
        seen += gateway.program.errors.all.joined() + gateway.program.output.all.joined()
        #expect(!seen.contains(secret))
        let found = try await Program.run("/usr/bin/env", ["grep", "-rl", secret, gateway.dataDirectory])
        #expect(found.output.isEmpty, "\(found.output)")
        #expect(authority.asked.count { $0.path == "/v1/activate" } == 1)
    }

    @Test func withoutAGatewayTheNextStartHasIt() async throws {
        let authority = try authority()
        let server = try authority.serve()
        let directory = try TemporaryDirectory()
        try directory.write(
            "[server]\ndata_dir = \"\(directory.file("data"))\"\n\n" + config(authority, server), to: "config.toml")
        let keyFile = try directory.write(authority.key.exposed + "\n", to: "key")
        let run = try await stonegate(directory, "activate", "--key-file", keyFile, "--json")
        #expect(run.exit == .code(0), "\(run)")
        #expect(try JSONValue(parsing: run.output)["tier"]?.stringValue == "enterprise")
        let gateway = try await GatewayProcess.start(config(authority, server), directory: directory)
        #expect(try await tier(gateway) == "enterprise")
        try await gateway.stop()
    }

    @Test func whatTheServerRefusesIsToldInItsWords() async throws {
        let authority = try authority()
        let server = try authority.serve()
        authority.refuse(AuthorityRefusal(.seatsTaken, "All seats are taken.\u{1B}[31m"))
        let gateway = try await GatewayProcess.start(config(authority, server))
        let run = try await stonegate(gateway.directory, "activate", "--key-file", "-", input: authority.key.exposed)
        #expect(
            run.exit == .code(1) && run.errors.contains("LICENSE_REFUSED")
                && run.errors.contains("All seats are taken."))
        #expect(!run.errors.contains("\u{1B}"))
        #expect(try await tier(gateway) == "free")
        try await gateway.stop()
    }

    @Test func aServerThatDoesNotAnswerIsToldApart() async throws {
        let authority = try authority()
        let server = try authority.serve()
        server.stop()
        let gateway = try await GatewayProcess.start(config(authority, server))
        let gone = try await stonegate(gateway.directory, "activate", "--key-file", "-", input: authority.key.exposed)
        #expect(gone.exit == .code(1) && gone.errors.contains("LICENSE_SERVER_FAILED"), "\(gone)")
        #expect(try await tier(gateway) == "free")
        try await gateway.stop()
    }

    /// LT-3, as far as the license goes: what was accepted before a revocation comes to its end.
    @Test func aRevocationEndsNothingThatRuns() async throws {
        let authority = try authority()
        let server = try authority.serve()
        let gateway = try await GatewayProcess.start(
            config(authority, server, try Backends.fake("b") + "max_in_flight = 128\n"))
        try await gateway.running(["b"])
        _ = try await stonegate(gateway.directory, "activate", "--key-file", "-", input: authority.key.exposed)
        #expect(try await tier(gateway) == "enterprise")
        let uptime = try await gateway.json("/health")["uptime_seconds"]?.intValue ?? 0

        let running = (0..<100).map { _ in Task { try await gateway.call("b", "sleep", ["ms": 3_000]).status } }
        var queued: [String] = []
        for _ in 0..<50 {
            let reply = try JSONReply(
                await gateway.post("/call/async", json: #"{"server":"b","tool":"echo","arguments":{"text":"kept"}}"#))
            #expect(reply.status == 202)
            queued.append(reply.json["call_id"]?.stringValue ?? "")
        }
        authority.order(.die, "d1", effectiveIn: 0)
        #expect(try await stonegate(gateway.directory, "status", "--refresh").exit == .code(0))
        let health = try await gateway.json("/health")
        #expect(health["tier"]?.stringValue == "free")
        #expect(health["warnings"]?.arrayValue?.contains { $0.stringValue?.contains("revoked") == true } == true)

        for task in running { #expect(try await task.value == 200) }
        for id in queued {
            let reply = try JSONReply(await gateway.get("/call/\(id)?wait_ms=20000"))
            #expect(reply.json["status"]?.stringValue == "complete", "\(reply.json.text)")
        }
        // The process is the one that it was.
        #expect(try await gateway.json("/health")["uptime_seconds"]?.intValue ?? 0 >= uptime + 2)

        // It survives a start, and what was kept is still there.
        try await gateway.stop()
        let again = try await GatewayProcess.start(
            config(authority, server, try Backends.fake("b")), directory: gateway.directory, port: gateway.port)
        #expect(try await tier(again) == "free")
        #expect(try await again.json("/call/\(queued[0])")["status"]?.stringValue == "complete")
        authority.order(.restore, "r1")
        let restored = try await stonegate(again.directory, "status", "--refresh")
        #expect(restored.exit == .code(0) && restored.output.contains("license: Enterprise"), "\(restored)")
        #expect(try await tier(again) == "enterprise")
        let records = try await stonegate(again.directory, "audit", "export").output
        #expect(records.contains("\"license_revoked\"") && records.contains("by restoration"))
        try await again.stop()
    }
}
