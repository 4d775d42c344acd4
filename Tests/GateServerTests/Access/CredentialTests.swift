import GateConfig
import GateCore
import GateProtocol
import GateTestKit
import Logging
import Testing

@testable import GateServer

/// Tokens, who they belong to, and what is kept of them.
@Suite struct CredentialTests {
    private static let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    private func everything() -> GatewayConfig.Grant {
        var grant = GatewayConfig.Grant()
        grant.tools.allow = ["*"]
        return grant
    }

    private func agent(_ name: String, token: String, tenant: String? = nil) -> GatewayConfig.Agent {
        var agent = GatewayConfig.Agent(name: name)
        agent.tenant = tenant
        agent.token = Secret(token)
        return agent
    }

    @Test func tokensAreRandomAndCheckable() throws {
        var tokens: Set<String> = []
        for _ in 0..<2_000 {
            let (token, id) = AgentToken.make()
            #expect(AgentToken.id(token.utf8) == id)
            #expect(tokens.insert(token).inserted)
        }
        let token = try #require(tokens.first)
        for index in token.utf8.indices {
            var bytes = Array(token.utf8)
            bytes[token.utf8.distance(from: token.utf8.startIndex, to: index)] ^= 1
            #expect(AgentToken.id(bytes) == nil, "a changed token passes for one")
        }
        #expect(AgentToken.id(token.dropLast().utf8) == nil && AgentToken.id("".utf8) == nil)
    }

    @Test func digestsAreSHA256() throws {
        let digest = TokenDigest(of: "abc".utf8)
        #expect(digest.hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(TokenDigest(hex: digest.hex) == digest)
        #expect(TokenDigest(hex: digest.hex.uppercased()) == digest)
        #expect(TokenDigest(hex: String(digest.hex.dropLast())) == nil)
        #expect(TokenDigest(hex: String(repeating: "g", count: 64)) == nil)
    }

    @Test func certificatesAndTokensAreNeverTakenForEachOther() {
        var config = GatewayConfig()
        var one = agent("one", token: String(repeating: "t", count: 40))
        one.certificates = ["spiffe://x/one", "sha256:" + String(repeating: "ab", count: 32)]
        config.agents = [one]
        let principals = Principals(config, [])
        for name in one.certificates {
            #expect(principals.principal(token: TokenDigest(certificate: name))?.id == "one")
            #expect(principals.principal(token: TokenDigest(of: name.utf8)) == nil)
            #expect(principals.principal(token: TokenDigest(of: "certificate\(name)".utf8)) == nil)
        }
        var two = GatewayConfig.Agent(name: "two")
        two.certificates = ["spiffe://x/one"]
        config.agents.append(two)
        let both = Principals(config, [])
        #expect(both.principal(token: TokenDigest(certificate: "spiffe://x/one")) == nil)
        #expect(both.problems.count == 1)
    }

    /// A reload that takes away the last agent, or goes back to loopback, does not open a gateway that the network reaches until its next
    /// start.
    @Test func whatTheNetworkReachesStaysClosed() {
        var config = GatewayConfig()
        config.server.host = "192.0.2.1"
        config.agents = [agent("one", token: String(repeating: "t", count: 40))]
        let table = AccessTable(config, nil, Self.logger)
        #expect(table.isRequired)
        table.apply(GatewayConfig())
        #expect(table.isRequired)
        #expect(table.principal(token: String(repeating: "t", count: 40).utf8, now: 0) == nil)
        let local = AccessTable(GatewayConfig(), nil, Self.logger)
        #expect(!local.isRequired)
    }

    @Test func aTokenOfTwoAgentsIsNobodys() {
        var config = GatewayConfig()
        let token = String(repeating: "t", count: 40)
        config.agents = [agent("one", token: token), agent("two", token: token)]
        let principals = Principals(config, [])
        #expect(principals.principal(token: TokenDigest(of: token.utf8)) == nil)
        #expect(principals.problems.count == 1 && principals.problems[0].contains("'one'"))
    }

    @Test func anAgentOfNoTenantMayNothingByItself() throws {
        var config = GatewayConfig()
        config.agents = [agent("one", token: String(repeating: "t", count: 40))]
        let one = try #require(Principals(config, []).byID[ExactText("one")])
        #expect(!one.policy.permits(.tool, server: "a", item: "b"))
    }

    @Test func agentsOutliveARestartAndTheirTokensAreNotKept() throws {
        let data = try TemporaryDirectory()
        var token = ""
        do {
            let table = try AccessTable(
                GatewayConfig(), try StateDirectory(path: data.path), Self.logger, onAct: { _, _ in })
            #expect(!table.isRequired)
            token = try table.add(.init(name: "ci", grant: everything(), expiry: 2_000), now: 1_000).token
            #expect(table.isRequired)
            #expect(throws: GateError.self) { try table.add(.init(name: "ci", grant: everything()), now: 1_000) }
        }
        let kept = try #require(data.read(AccessTable.fileName))
        #expect(!kept.contains(token) && !kept.contains(token.split(separator: "_")[3]))
        let table = try AccessTable(
            GatewayConfig(), try StateDirectory(path: data.path), Self.logger, onAct: { _, _ in })
        #expect(table.principal(token: token.utf8, now: 1_999)?.id == "ci")
        #expect(table.principal(token: token.utf8, now: 2_000) == nil, "it has ended")
        #expect(table.principal(token: (token + "x").utf8, now: 1_000) == nil)
        let renewed = try table.renew("ci", expiry: nil, now: 3_000).token
        #expect(table.principal(token: token.utf8, now: 1_000) == nil)
        #expect(table.principal(token: renewed.utf8, now: 1_000_000)?.tokenID == AgentToken.id(renewed.utf8))
        try table.remove("ci")
        #expect(table.principal(token: renewed.utf8, now: 3_000) == nil && !table.isRequired)
        #expect(throws: GateError.self) { try table.remove("ci") }
    }

    /// To go on without the file could let in whom it keeps out.
    @Test(arguments: ["", "{", "{}", #"{"agents":[{"name":"a"}]}"#, #"{"agents":[{"name":"a","token_id":"x","#])
    func aFileThatCannotBeReadIsNotPassedOver(_ content: String) throws {
        let data = try TemporaryDirectory()
        try data.write(content, to: AccessTable.fileName)
        #expect(throws: StateDirectoryError.self) {
            _ = try AccessTable(
                GatewayConfig(), try StateDirectory(path: data.path), Self.logger, onAct: { _, _ in })
        }
    }

    @Test func aWrongPatternInTheFileIsNotDropped() throws {
        let agent = RuntimeAgent(
            name: "a", tenant: nil, grant: everything(), tokenID: "x", digest: TokenDigest(of: "t".utf8), created: 1,
            expiry: nil)
        #expect(RuntimeAgent(agent.json) == agent)
        let text = agent.json.text.replacing("\"*\"", with: "\"noslash\"")
        #expect(RuntimeAgent(try JSONValue(parsing: text)) == nil)
    }

    @Test func wrongCredentialsOfAnAddressAreLookedAtInBoundedNumber() {
        var budget = FailureBudget(perMinute: 100)
        let start = ContinuousClock.now
        var looked = 0
        for number in 0..<10_000 {
            let now = start.advanced(by: .milliseconds(6 * number))
            guard budget.wait("10.0.0.1", now: now) == nil else { continue }
            looked += 1
            budget.failed("10.0.0.1", now: now)
        }
        #expect(looked == 100)
        #expect(budget.wait("10.0.0.2", now: start) == nil)
        #expect(budget.wait("10.0.0.1", now: start.advanced(by: .seconds(60))) == nil)
    }
}
