import GateProtocol
import GateTestKit
import Testing

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Examples/two-tenants, run as its page says.
@Suite struct TwoTenantsTests {
    @Test func theExampleShowsWhatItSays() async throws {
        let home = try TemporaryDirectory()
        let run = try await Program.run(
            Products.checkout + "/Examples/two-tenants/run.sh", [],
            environment: [
                "HOME": home.path, "PATH": "/usr/bin:/bin", "TMPDIR": home.path,
                "STONEGATE": try Products.path("stonegate"), "PORT": "\(try Sockets.freePort())",
            ], within: .seconds(120))
        #expect(run.exit == .code(0), "\(run.errors)")
        let parts = run.output.components(separatedBy: "\n== ")
        func part(_ title: String) throws -> String {
            try #require(parts.first { $0.hasPrefix(title) }, "\(title): \(run.output)")
        }
        #expect(try part("Without a token").contains("\"code\":\"UNAUTHENTICATED\""))
        let acme = try part("What acme's"), globex = try part("What globex's")
        #expect(acme.contains("of payroll") && acme.contains("of notes"))
        #expect(globex.contains("of notes") && !globex.contains("payroll") && !globex.contains("fail of"))
        #expect(try part("acme calls payroll").contains("hello"))
        let answers = try part("globex calls payroll").split(separator: "\n").dropFirst()
        #expect(answers.count == 2)
        #expect(
            answers.first.map { $0.replacing("payroll", with: "NAME") }
                == answers.last.map { $0.replacing("parroll", with: "NAME") })
        #expect(answers.first?.contains("SERVER_NOT_FOUND") == true)
        #expect(try part("Why?").contains("not allowed: tenant 'globex'"))
        #expect(try part("Why?").contains("\nallowed: tenant 'acme' allows 'payroll/echo'"))
        #expect(try part("Who may come in").contains("globex/assistant"))
        #expect(try part("acme's token ends").contains("\"code\":\"UNAUTHENTICATED\""))
        #expect(!run.output.contains("key-of-") && !run.output.contains("sg_agent_"))
    }
}
