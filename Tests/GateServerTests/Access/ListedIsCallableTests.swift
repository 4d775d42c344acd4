import GateBackend
import GateConfig
import GateCore
import GateDiscovery
import GateProtocol
import GateTestKit
import NIOCore
import Testing

@testable import GateServer

/// What is listed can be called, and what is hidden is as good as absent, at every entry point.
@Suite struct ListedIsCallableTests {
    private static let servers = ["alpha", "beta", "gamma"]
    private static let tools = ["read", "write", "read.file", "drop", "a/b"]

    private func catalog() -> ToolCatalog {
        let catalog = ToolCatalog(records: [], limits: ToolDefinitionCheck.Limits()) { _ in }
        for server in Self.servers {
            catalog.register(server)
            catalog.set(
                [
                    .tools: Self.tools.map {
                        #"{"name":"\#($0)","description":"\#($0) of \#(server)","inputSchema":{"type":"object"}}"#
                    },
                    .prompts: ["ask", "tell"].map { #"{"name":"\#($0)"}"# },
                    .resources: ["r:1", "r:2", "\(server):3"].map { #"{"uri":"\#($0)","name":"n"}"# },
                    .resourceTemplates: [#"{"uriTemplate":"t:\#(server)/{x}","name":"n"}"#],
                ], of: server, offers: .all)
        }
        return catalog
    }

    private func policy(_ random: inout some RandomNumberGenerator) throws -> AccessPolicy {
        let texts = [
            "*", "alpha/*", "*/read", "beta/read*", "gamma/a/b", "*/a*", "beta/*", "*/r:1", "alpha/r:*", "gamma/t:*",
            "*/ask",
            "?lpha/?rite", "nobody/*", "*/*.file",
        ]
        func list() throws -> AccessRules.List {
            func some(_ most: Int) throws -> [AccessPattern] {
                try (0..<Int.random(in: 0...most, using: &random)).map { _ in
                    try AccessPattern(texts.randomElement(using: &random) ?? "*")
                }
            }
            return .init(allow: try some(4), deny: try some(2))
        }
        return AccessPolicy(
            try (0..<Int.random(in: 1...2, using: &random)).map {
                AccessRules(owner: "\($0)", tools: try list(), resources: try list(), prompts: try list())
            })
    }

    @Test(arguments: 0..<40) func listedIsCallable(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let catalog = catalog()
        let snapshot = catalog.snapshot
        for _ in 0..<10 {
            let policy = try policy(&random)
            let seen = Visibility(.all, access: policy)
            let listed = Set(snapshot.tools(seen).map(\.target))
            for tool in snapshot.tools {
                let target = tool.target
                let isListed = listed.contains(target)
                #expect(isListed == policy.permits(.tool, server: target.server, item: target.tool))
                let byName = try? catalog.resolve(tool.name, seen)
                #expect((byName == target) == isListed, "by name \(tool.name)")
                let one = Visibility(.server(target.server), access: policy)
                #expect(
                    ((try? catalog.resolve(target.tool, one)) == target) == isListed, "on its server's own endpoint")
                #expect(
                    ((try? catalog.resolve(server: target.server, tool: target.tool, seen)) == target) == isListed)
                #expect(
                    ((try? catalog.resolve("\(target.server)/\(target.tool)", seen)) == target) == isListed,
                    "qualified")
                let found = catalog.index.search(
                    DiscoveryQuery(text: "\(target.tool) \(target.server)", limit: 100) {
                        seen.sees(.tool, $0, $1)
                    }
                ).hits
                #expect(found.contains { $0.server == target.server && $0.tool == target.tool } == isListed)
            }
            try resources(snapshot, policy, seen)
            for prompt in snapshot.prompts {
                let isListed = snapshot.definitions(.prompts, seen, ListForm(era: .modern)).contains(prompt.definition)
                #expect(isListed == policy.permits(.prompt, server: prompt.item.server, item: prompt.item.key))
                let found = try? catalog.resolve(prompt: prompt.name, seen)
                #expect(
                    (found == ToolTarget(server: prompt.item.server, tool: prompt.item.key)) == isListed,
                    "\(prompt.name)")
            }
        }
    }

    private func resources(_ snapshot: CatalogSnapshot, _ policy: AccessPolicy, _ seen: Visibility) throws {
        for resource in snapshot.resources.resources {
            let target = ResourceTarget(server: resource.item.server, uri: resource.item.key)
            let isListed = snapshot.definitions(.resources, seen, ListForm(era: .modern)).contains(resource.definition)
            #expect(isListed == policy.permits(.resource, server: target.server, item: target.uri))
            let found = try? snapshot.resolve(resource: QualifiedURI.text(target.server, target.uri), seen)
            #expect((found == target) == isListed, "\(target)")
            if let plain = try? snapshot.resolve(resource: target.uri, seen) {
                #expect(policy.permits(.resource, server: plain.server, item: plain.uri), "\(plain)")
            }
        }
        for server in Self.servers {
            let found = try? snapshot.resolve(resource: "t:\(server)/x", seen)
            if let found { #expect(policy.permits(.resource, server: found.server, item: found.uri)) }
        }
    }

    /// Byte for byte: the answer for what is hidden is the answer for what is not there.
    @Test(arguments: ["/call", "/call/async"]) func hiddenIsAbsentOverREST(_ path: String) async throws {
        var config = GatewayConfig()
        var tenant = GatewayConfig.Tenant(name: "t")
        tenant.grant.tools = .init(allow: ["alpha/*"], deny: ["alpha/read.file"])
        config.tenants = [tenant]
        let services = ScriptedServices(config: config)
        let token = try services.access.add(.init(name: "a", tenant: "t"), now: 0).token
        try await RESTRig.with(services) { (rig) async throws in
            let credential = [("Authorization", "Bearer \(token)"), ("Content-Type", "application/json")]
            func ask(_ method: String, _ target: String, _ body: String? = nil) async throws -> String {
                let reply = try await rig.send(method, target, headers: credential, body: body)
                return "\(reply.status) \(reply.text)".replacing(/"correlation_id":"[^"]*"/, with: "")
            }
            func isSame(_ hidden: String, _ absent: String, _ ask: (String) async throws -> String) async throws {
                #expect(
                    try await ask(hidden).replacing(hidden, with: "NAME")
                        == (try await ask(absent)).replacing(absent, with: "NAME"))
            }
            // Of a server that is seen, and of one that is not; by both ways of naming a tool.
            try await isSame("read.file", "dead.file") {
                try await ask("POST", path, #"{"server":"alpha","tool":"\#($0)"}"#)
            }
            try await isSame("beta", "zeta") { try await ask("POST", path, #"{"server":"\#($0)","tool":"weather"}"#) }
            try await isSame("weather", "whether") { try await ask("POST", path, #"{"tool":"\#($0)"}"#) }
            try await isSame("beta/weather", "zeta/weather") { try await ask("POST", path, #"{"tool":"\#($0)"}"#) }
            try await isSame("alpha/read.file", "alpha/dead.file") {
                try await ask("POST", path, #"{"tool":"\#($0)"}"#)
            }
            try await isSame("read.file", "dead.file") { try await ask("GET", "/schema/alpha/\($0)") }
            try await isSame("beta", "zeta") { try await ask("GET", "/schema/\($0)/weather") }
            try await isSame("beta", "zeta") { try await ask("GET", "/tools/\($0)") }
            try await isSame("beta", "zeta") { try await ask("GET", "/tools?servers=\($0)") }
            try await isSame("beta", "zeta") { try await ask("GET", "/server/list?servers=\($0)") }
            try await isSame("beta", "zeta") { try await ask("POST", "/mcp/\($0)", "{}") }
            try await isSame("weather", "whether") { try await ask("GET", "/discover?query=\($0)") }
            #expect(services.calls.all.isEmpty)
            let tools = try await ask("GET", "/tools")
            #expect(tools.contains("\"alpha\"") && !tools.contains("beta") && !tools.contains("read.file"))
        }
    }
}
