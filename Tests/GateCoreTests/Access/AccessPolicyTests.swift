import GateTestKit
import Testing

@testable import GateCore

@Suite struct AccessPolicyTests {
    private func rules(_ owner: String, allow: [String], deny: [String] = []) throws -> AccessRules {
        AccessRules(
            owner: owner,
            tools: .init(allow: try allow.map { try AccessPattern($0) }, deny: try deny.map { try AccessPattern($0) }))
    }

    @Test func denyWinsAndNothingIsAllowedByItself() throws {
        let policy = AccessPolicy([try rules("t", allow: ["db/*", "files/read_?"], deny: ["*/drop_*"])])
        #expect(policy.permits(.tool, server: "db", item: "query"))
        #expect(!policy.permits(.tool, server: "db", item: "drop_table"))
        #expect(policy.permits(.tool, server: "files", item: "read_a"))
        #expect(!policy.permits(.tool, server: "files", item: "read_ab"))
        #expect(!policy.permits(.tool, server: "files", item: "write"))
        #expect(!policy.permits(.tool, server: "dbx", item: "query"))
        #expect(!policy.permits(.resource, server: "db", item: "query"))
        #expect(!policy.permits(.prompt, server: "db", item: "query"))
        #expect(!AccessPolicy([try rules("t", allow: [])]).permits(.tool, server: "db", item: "query"))
        #expect(!AccessPolicy.none.permits(.tool, server: "db", item: "query"))
        #expect(AccessPolicy([try rules("t", allow: ["*"])]).permits(.tool, server: "db", item: "a/b"))
    }

    /// An item may hold further slashes; the server's part ends at the first. Bytes count, not characters.
    @Test func patternsAreServerAndItem() throws {
        let pattern = try AccessPattern("docs/file:///a/*")
        #expect(pattern.matches(server: "docs", item: "file:///a/b/c"))
        #expect(!pattern.matches(server: "docs", item: "file:///b"))
        #expect(!pattern.matches(server: "docs/file:", item: "//a/b"))
        #expect(!(try AccessPattern("db/caf\u{E9}")).matches(server: "db", item: "cafe\u{301}"))
        #expect(!(try AccessPattern("DB/x")).matches(server: "db", item: "x"))
        for bad in ["", "db", "/x", "db/", String(repeating: "a", count: 513) + "/x"] {
            #expect(throws: AccessPattern.Invalid.self, "\(bad)") { try AccessPattern(bad) }
        }
    }

    @Test func tenantAndAgentMustBothAllow() throws {
        let policy = AccessPolicy([
            try rules("tenant 'a'", allow: ["db/*", "files/*"]),
            try rules("agent 'a/x'", allow: ["*"], deny: ["files/*"]),
        ])
        #expect(policy.permits(.tool, server: "db", item: "q"))
        #expect(!policy.permits(.tool, server: "files", item: "q"))
        #expect(!policy.permits(.tool, server: "mail", item: "q"))
        #expect(policy.reaches("db") && !policy.reaches("files") && !policy.reaches("mail"))
        #expect(
            policy.decide(.tool, server: "files", item: "q")
                == .denied(by: .init(owner: "agent 'a/x'", pattern: try AccessPattern("files/*"))))
        #expect(policy.decide(.tool, server: "mail", item: "q") == .unmentioned(owner: "tenant 'a'"))
        #expect(
            policy.decide(.tool, server: "db", item: "q")
                == .allowed(by: [
                    .init(owner: "tenant 'a'", pattern: try AccessPattern("db/*")),
                    .init(owner: "agent 'a/x'", pattern: .everything),
                ]))
    }

    @Test func equalRulesAreEqualPolicies() throws {
        let one = AccessPolicy([try rules("t", allow: ["db/*"])])
        #expect(one == AccessPolicy([try rules("t", allow: ["db/*"])]))
        #expect(one != AccessPolicy([try rules("t", allow: ["db/?"])]))
        #expect(Set([one, AccessPolicy([try rules("t", allow: ["db/*"])])]).count == 1)
    }

    /// What explains a decision decides as the decision does, and a server of which anything is permitted is there.
    @Test(arguments: 0..<20) func explanationsSayWhatIsDecided(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let texts = ["*", "a/*", "*/x", "a/x?", "b/*y", "c/x", "?/xy", "b/x*y", "a/xy", "*/*"]
        func some() throws -> [AccessPattern] {
            try (0..<Int.random(in: 0...3, using: &random)).map { _ in
                try AccessPattern(texts.randomElement(using: &random) ?? "*")
            }
        }
        for _ in 0..<200 {
            let policy = AccessPolicy(
                try (0..<Int.random(in: 1...2, using: &random)).map {
                    AccessRules(owner: "\($0)", tools: .init(allow: try some(), deny: try some()))
                })
            for server in ["a", "b", "c", "d"] {
                for item in ["x", "xy", "xay", "y"] {
                    let isPermitted = policy.permits(.tool, server: server, item: item)
                    #expect(policy.decide(.tool, server: server, item: item).isAllowed == isPermitted)
                    if isPermitted { #expect(policy.reaches(server)) }
                }
            }
        }
    }
}
