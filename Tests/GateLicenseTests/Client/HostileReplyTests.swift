import GateTestKit
import Testing

@testable import GateLicense

/// What a license server may send instead of an answer (LT-4): nothing follows from it, and little is held of it.
@Suite(.serialized) struct HostileReplyTests {
    private static let big = String(repeating: "x", count: 4 << 20)

    private static let bodies: [(String, ScriptedServer.Answer)] = [
        ("500", .reply(500, "oops")),
        ("302", .reply(302, "", headers: ["Location": "http://127.0.0.1:1/v1/heartbeat"])),
        ("hang up", .hangUp), ("too large", .ok(big)), ("html", .ok("<html><body>Portal</body></html>")),
        ("empty object", .ok("{}")), ("unsigned die", .ok(#"{"die":true}"#)), ("nothing", .ok("")),
        ("depth", .ok(String(repeating: "[", count: 8_000) + String(repeating: "]", count: 8_000))),
        ("gzip", .ok("\u{1F}\u{08}", headers: ["Content-Encoding": "gzip"])),
        ("duplicate", .ok(#"{"message":{},"message":{}}"#)),
        ("unsigned envelope", .ok(#"{"message":{"kid":"0123456789abcdef","payload":"e30","sig":"AA"}}"#)),
    ]

    @Test func nothingFollows() async throws {
        let rig = try LicenseRig()
        let transport = try LicenseTransport.curl()
        for (name, answer) in Self.bodies {
            let server = try ScriptedServer { _ in answer }
            let client = LicenseClient(server: server.url, version: "1", transport: transport)
            let request = HeartbeatRequest(
                licenseID: "lic_1", instanceID: "inst_1", nonce: LicenseRig.nonce(1), version: "1")
            let ring = KeyRing(pinned: [[rig.first.verification]])
            do throws(LicenseFailure) {
                _ = try await client.heartbeat(request, ring: ring)
                Issue.record("\(name) was taken for an answer")
            } catch {
                let isUnreachable = ["500", "hang up"].contains(name)
                #expect(error.isSuspicious != isUnreachable, "\(name): \(error.words)")
            }
            // Redirects are not followed, and nothing is asked twice.
            #expect(server.requests.all.count == 1, "\(name)")
            let head = try #require(server.requests.all.first)
            #expect(head["Accept-Encoding"] == nil && head.path == "/v1/heartbeat")
        }
    }

    @Test func aServerThatIsSilentCostsItsTime() async throws {
        let rig = try LicenseRig()
        let server = try ScriptedServer { _ in .hold }
        let client = LicenseClient(
            server: server.url + "/", version: "1", transport: try .curl(total: .milliseconds(300)))
        await #expect(throws: LicenseFailure.self) {
            try await client.activate(
                try LicenseKey(Self.key()), instance: "inst_1", nonce: LicenseRig.nonce(1),
                ring: KeyRing(pinned: [[rig.first.verification]]))
        }
        #expect(server.requests.all.first?.path == "/v1/activate")
        #expect(LicenseTransport.connectTime == .seconds(5) && LicenseTransport.totalTime == .seconds(10))
    }

    @Test func plainHTTPStaysOnThisMachine() async throws {
        let transport = try LicenseTransport.curl()
        await #expect(throws: LicenseFailure.self) { _ = try await transport.post("http://192.0.2.1/v1/x", []) }
    }

    @Test func aRefusalIsWordsAndNothingElse() async throws {
        let authority = try ScriptedAuthority { LicenseRig.now }
        authority.refuse(AuthorityRefusal(.seatsTaken, "All 3 seats are taken."))
        let client = LicenseClient(
            server: "https://x", version: "1",
            transport: LicenseTransport { path, body in
                let (status, body) = authority.answer(String(path.dropFirst("https://x".count)), body)
                return .init(status: status, body: body)
            })
        do throws(LicenseFailure) {
            _ = try await client.activate(
                authority.key, instance: "i", nonce: LicenseRig.nonce(1),
                ring: KeyRing(pinned: [[authority.pair.verification]]))
            Issue.record("refused, and taken")
        } catch {
            #expect(error == .declined(AuthorityRefusal(.seatsTaken, "All 3 seats are taken.")) && !error.isSuspicious)
        }
    }

    private static func key() -> String {
        var random = SeededGenerator(seed: 1)
        return LicenseKey(using: &random).exposed
    }
}
