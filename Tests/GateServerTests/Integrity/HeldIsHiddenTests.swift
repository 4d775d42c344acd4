import GateBackend
import GateCore
import GateDiscovery
import GateProtocol
import GateStore
import GateTestKit
import NIOCore
import Synchronization
import Testing

@testable import GateServer

/// What waits for the operator under `block` is in no list and no search and cannot be resolved; what is approved is in all of them.
@Suite struct HeldIsHiddenTests {
    private static let servers = ["alpha", "beta", "gamma"]
    private static let tools = ["read", "write", "read.file", "a/b"]

    private static func definition(_ tool: String, _ words: String) -> String {
        #"{"name":"\#(tool)","description":"\#(words)","inputSchema":{"type":"object"}}"#
    }

    @Test(arguments: 0..<40) func heldIsHidden(_ seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let pins = try ToolPins(store: MemoryPinStore(), clock: { 1 }) { _ in }
        let catalog = ToolCatalog(records: [], limits: ToolDefinitionCheck.Limits(), pins: pins) { _ in }
        var policies: [String: IntegrityPolicy] = [:]
        /// What a reader of the rules would say of each definition.
        var approved: Set<String> = []
        var first: [String: String] = [:]
        var listed: [String: [String: String]] = [:]
        for server in Self.servers {
            policies[server] = IntegrityPolicy(
                onNew: [.allow, .block].randomElement(using: &random) ?? .allow, onChange: .block)
            catalog.register(server)
        }
        for _ in 0..<12 {
            let server = Self.servers.randomElement(using: &random) ?? "alpha"
            let policy = policies[server] ?? IntegrityPolicy()
            if Bool.random(using: &random) {
                var now: [String: String] = [:]
                for tool in Self.tools where Int.random(in: 0..<5, using: &random) > 0 {
                    now[tool] = "form \(Int.random(in: 0..<3, using: &random)) of \(tool)"
                    let key = "\(server)|\(tool)"
                    if first[key] == nil {
                        first[key] = now[tool]
                        if policy.onNew == .allow { approved.insert("\(key)|\(now[tool] ?? "")") }
                    }
                }
                listed[server] = now
                var update = CatalogUpdate(
                    lists: [
                        .tools: ListedItems(
                            now.sorted { $0.key < $1.key }.map {
                                ByteBuffer(string: Self.definition($0.key, $0.value))
                            })
                    ], offers: .tools)
                update.integrity = policy
                catalog.take(update, of: server)
            } else if let (tool, words) = listed[server]?.randomElement(using: &random) {
                let value = try JSONValue(parsing: Self.definition(tool, words))
                let reject = Int.random(in: 0..<4, using: &random) == 0
                _ = try await pins.decide(
                    [
                        ShownDefinition(
                            tool: ToolIdentity(server: server, tool: tool), digest: DefinitionDigest(of: value))
                    ], reject: reject)
                catalog.judgeAgain(server)
                let key = "\(server)|\(tool)|\(words)"
                if reject { approved.remove(key) } else { approved.insert(key) }
            }
            try check(catalog, listed, approved)
        }
    }

    private func check(
        _ catalog: ToolCatalog, _ listed: [String: [String: String]], _ approved: Set<String>
    ) throws {
        let snapshot = catalog.snapshot
        for (server, tools) in listed {
            for (tool, words) in tools {
                let target = ToolTarget(server: server, tool: tool)
                let isShown = approved.contains("\(server)|\(tool)|\(words)")
                #expect(snapshot.tools(.all).contains { $0.target == target } == isShown, "\(target) in the list")
                for form in [ListForm(era: .modern), ListForm(era: .legacy)] {
                    for visibility in [Visibility.all, .server(server), .servers([server])] {
                        let text = String(buffer: snapshot.listing(.tools, visibility.only(server), form))
                        #expect(text.contains("\"\(words)\"") == isShown, "\(words) in \(visibility)")
                    }
                }
                let hits = catalog.index.search(
                    DiscoveryQuery(text: "\(words) \(server)", limit: 100) { _, _ in true }
                ).hits
                #expect(hits.contains { $0.server == server && $0.tool == tool } == isShown, "\(target) by search")
                for answer in [
                    found { try catalog.resolve("\(server)/\(tool)", .all) },
                    found { try catalog.resolve(tool, .server(server)) },
                    found { try catalog.resolve(server: server, tool: tool, .all) },
                ] {
                    switch answer {
                    case .success(let resolved): #expect(isShown && resolved == target)
                    case .failure(let error):
                        #expect(
                            !isShown && [.toolChanged, .toolNotApproved].contains(error.code), "\(target) \(error)")
                    }
                }
                // By the bare name another tool may be meant that has it, never the hidden one.
                if !isShown, case .success(let other) = found({ try catalog.resolve(tool, .all) }) {
                    #expect(other != target && snapshot.tool(named: tool)?.target == other)
                }
                // Who may not see it gets the answer for what does not exist.
                let blind = Visibility(.all, access: AccessPolicy([AccessRules(owner: "nobody", tools: .none)]))
                if !isShown, case .failure(let error) = found({ try catalog.resolve("\(server)/\(tool)", blind) }) {
                    #expect(error.code == .toolNotFound)
                }
            }
        }
    }

    private func found(_ body: () throws -> ToolTarget) -> Result<ToolTarget, GateError> {
        do {
            return .success(try body())
        } catch {
            return .failure(error as? GateError ?? GateError(.internalError, "\(error)"))
        }
    }
}
