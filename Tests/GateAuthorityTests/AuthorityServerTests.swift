import GateHTTP
import GateLicense
import GateProtocol
import GateTestKit
import Logging
import Testing

@testable import GateAuthority

/// The routes of a running server.
@Suite struct AuthorityServerTests {
    private final class Rig {
        let base: AuthorityRig
        let server: AuthorityServer
        var port: UInt16 { UInt16(clamping: server.address.port) }

        init() async throws {
            base = try AuthorityRig()
            server = try await AuthorityServer.start(
                base.authority, host: "127.0.0.1", port: 0, tls: nil,
                logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }), now: { AuthorityRig.start })
        }

        func post(_ path: String, _ body: [UInt8], _ headers: [String: String] = [:]) async throws -> HTTPReply {
            try await HTTP.send(
                "POST", port: port, path,
                headers: ["Content-Type": "application/json"].merging(headers) { $1 }, body: body)
        }

        func request(_ key: LicenseKey, _ instance: String = "one") -> ActivationRequest {
            ActivationRequest(key: key, instanceID: instance, nonce: Nonce(using: &base.random), version: "1")
        }
    }

    private func code(_ reply: HTTPReply) throws -> AuthorityRefusal.Code {
        try AuthorityRefusal(bytes: reply.body).code
    }

    @Test func theThreeRoutesAnswer() async throws {
        let rig = try await Rig()
        let (license, key) = try rig.base.issue()
        let activated = try await rig.post("/v1/activate", rig.request(key).bytes)
        #expect(activated.status == 200)
        #expect(activated["Content-Type"] == "application/json")
        #expect(activated["Cache-Control"] == "no-store")
        let reply: ActivationReply = try rig.base.trusted.open(Delivery(bytes: activated.body).message)
        #expect(reply.licenseID == license.id)
        let beat = HeartbeatRequest(
            licenseID: license.id, instanceID: "one", nonce: Nonce(using: &rig.base.random), version: "1")
        let beaten = try await rig.post("/v1/heartbeat", beat.bytes)
        let heartbeat: HeartbeatReply = try rig.base.trusted.open(Delivery(bytes: beaten.body).message)
        try heartbeat.check(answers: beat)
        let leave = DeactivationRequest(
            licenseID: license.id, instanceID: "one", nonce: Nonce(using: &rig.base.random))
        let left = try await rig.post("/v1/deactivate", leave.bytes)
        let deactivation: DeactivationReply = try rig.base.trusted.open(Delivery(bytes: left.body).message)
        try deactivation.check(answers: leave)
        let again = try await rig.post("/v1/deactivate", leave.bytes)
        #expect(again.status == 404)
        #expect(try code(again) == .instanceUnknown)
        await rig.server.stop()
    }

    @Test func whatIsNoRequestIsRefused() async throws {
        let rig = try await Rig()
        let (_, key) = try rig.base.issue()
        let good = rig.request(key).bytes
        let bodies: [[UInt8]] = [
            [], Array("{}".utf8), Array("[]".utf8), Array("null".utf8), good.dropLast(), good + good,
            Array(repeating: UInt8(ascii: "["), count: 10_000), [0xFF, 0xFE],
            Array("{\"v\":1,\"v\":1}".utf8),
        ]
        for body in bodies {
            let reply = try await rig.post("/v1/activate", Array(body))
            #expect(reply.status == 400)
            #expect(try code(reply) == .badRequest)
        }
        #expect(try await rig.post("/v1/activate", [UInt8](repeating: 0x20, count: 17_000)).status == 413)
        #expect(try await rig.post("/v1/other", good).status == 404)
        #expect(try await rig.post("/v1/activate?x=1", good).status == 404)
        #expect(try await HTTP.get(port: rig.port, "/v1/activate").status == 405)
        #expect(try await rig.post("/v1/activate", good, ["Origin": "http://127.0.0.1"]).status == 403)
        #expect(try await rig.post("/v1/activate", good, ["Content-Type": "text/plain"]).status == 415)
        #expect(try await rig.post("/v1/activate", good, ["Content-Encoding": "gzip"]).status == 415)
        #expect(try rig.base.authority.licenses().first?.seats.isEmpty == true)
        await rig.server.stop()
    }

    @Test func wrongKeysAreLimited() async throws {
        let rig = try await Rig()
        let (license, key) = try rig.base.issue()
        #expect(try await rig.post("/v1/activate", rig.request(key).bytes).status == 200)
        for _ in 0..<AuthorityResponder.failuresPerMinute {
            let reply = try await rig.post(
                "/v1/activate", rig.request(LicenseKey(using: &rig.base.random)).bytes)
            #expect(reply.status == 404)
        }
        // A good key is not looked at either; who has a seat already is not touched.
        let limited = try await rig.post("/v1/activate", rig.request(key).bytes)
        #expect(limited.status == 429)
        #expect(try code(limited) == .rateLimited)
        let wait = try #require(limited["Retry-After"].flatMap { Int($0) })
        #expect((1...61).contains(wait))
        let beat = HeartbeatRequest(
            licenseID: license.id, instanceID: "one", nonce: Nonce(using: &rig.base.random), version: "1")
        #expect(try await rig.post("/v1/heartbeat", beat.bytes).status == 200)
        await rig.server.stop()
    }

    @Test func refusalsHaveTheirStatus() async throws {
        let rig = try await Rig()
        let (license, key) = try rig.base.issue(seats: 1)
        #expect(try await rig.post("/v1/activate", rig.request(key, "one").bytes).status == 200)
        let full = try await rig.post("/v1/activate", rig.request(key, "two").bytes)
        #expect(full.status == 409)
        #expect(try code(full) == .seatsTaken)
        _ = try rig.base.authority.revoke(
            .id(license.id), reasonCode: "R", effectiveAt: rig.base.now, now: rig.base.now, using: &rig.base.random)
        let revoked = try await rig.post("/v1/activate", rig.request(key, "one").bytes)
        #expect(revoked.status == 403)
        #expect(try code(revoked) == .licenseRevoked)
        await rig.server.stop()
    }

    @Test func anAuthorityThatCannotReadItsKeysSaysSoAndNoMore() async throws {
        let rig = try await Rig()
        let (_, key) = try rig.base.issue()
        try rig.base.directory.write("{}", to: "authority/keys.json")
        let reply = try await rig.post("/v1/activate", rig.request(key).bytes)
        #expect(reply.status == 503)
        #expect(try code(reply) == .unavailable)
        #expect(!reply.text.contains(rig.base.path))
        #expect(try rig.base.authority.licenses().first?.seats.isEmpty == true)
        await rig.server.stop()
    }
}
