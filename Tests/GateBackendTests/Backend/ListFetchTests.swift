import GateCore
import GateProtocol
import GateTestKit
import NIOCore
import Testing

@testable import GateBackend

/// Lists of a backend whose pages are what the test says.
@Suite struct ListFetchTests {
    /// What is answered to the requests of one list, in order.
    private func fetch(
        _ answers: [String], of kind: ListKind = .resources, maxItems: Int = 100
    ) async throws -> (Result<ListedItems, GateError>, asked: [String]) {
        let scripted = ScriptedConnection(era: .modern)
        let fetch = ListFetch(
            connection: scripted.connection, kind: kind, maxItems: maxItems, deadline: .now.advanced(by: .seconds(20)))
        async let listed = ListFetchTests.result(fetch)
        for (number, answer) in answers.enumerated() {
            _ = try await scripted.sent.first { $0.contains("\"id\":\(number + 1),") }
            scripted.receive(#"{"jsonrpc":"2.0","id":\#(number + 1),\#(answer)}"#)
        }
        return (await listed, scripted.sent.all)
    }

    private static func result(_ fetch: ListFetch) async -> Result<ListedItems, GateError> {
        do throws(GateError) { return .success(try await fetch.items()) } catch { return .failure(error) }
    }

    private func page(_ uris: [String], next: String? = nil, more: String = "") -> String {
        let items = uris.map { "{\"uri\":\"\($0)\"}" }.joined(separator: ",")
        return "\"result\":{\"resources\":[\(items)]\(next.map { ",\"nextCursor\":\($0)" } ?? "")\(more)}"
    }

    private func uris(_ result: Result<ListedItems, GateError>) throws -> [String] {
        try result.get().definitions.map { try JSONValue(parsing: Array(buffer: $0))["uri"]?.stringValue ?? "" }
    }

    @Test func pagesAreFollowedWithWhatTheBackendWrote() async throws {
        let (listed, asked) = try await fetch([
            page(["a:1"], next: #""""#), page(["a:2"], next: #""\u0041""#), page(["a:3"], next: "null"),
        ])
        #expect(try uris(listed) == ["a:1", "a:2", "a:3"])
        // An empty cursor is one.
        #expect(asked[1].contains(#""cursor":"""#))
        #expect(asked[2].contains(#""cursor":"\u0041""#))
    }

    @Test func aCursorThatComesAgainEndsTheList() async throws {
        let (listed, asked) = try await fetch([
            page(["a:1"], next: #""x""#), page(["a:2"], next: #""y""#), page(["a:3"], next: #""x""#),
        ])
        #expect(try uris(listed) == ["a:1", "a:2", "a:3"])
        #expect(asked.count == 3)
    }

    @Test func aRefusedCursorDiscardsAllPages() async throws {
        let refusal = #""error":{"code":-32602,"message":"no such page"}"#
        let (listed, _) = try await fetch([
            page(["old:1"], next: #""x""#), refusal, page(["new:1"], next: #""y""#), page(["new:2"]),
        ])
        #expect(try uris(listed) == ["new:1", "new:2"])
        let (failed, _) = try await fetch([
            page(["old:1"], next: #""x""#), refusal, page(["new:1"], next: #""y""#), refusal,
        ])
        guard case .failure(let error) = failed else {
            Issue.record("a list of refused pages was taken")
            return
        }
        #expect(error.code == .backendProtocolError)
    }

    @Test func thePageThatHoldsShortestCounts() async throws {
        let (listed, _) = try await fetch([
            page(["a:1"], next: #""x""#, more: #","ttlMs":60000,"cacheScope":"public""#),
            page(["a:2"], more: #","ttlMs":-5,"cacheScope":"private""#),
        ])
        let terms = try #require(try listed.get().terms)
        #expect(terms.ttl(now: .now) == 0)
        #expect(!terms.isPublic)
        let (silent, _) = try await fetch([
            page(["a:1"], next: #""x""#, more: #","ttlMs":60000,"cacheScope":"public""#), page(["a:2"]),
        ])
        #expect(try silent.get().terms == nil)
    }

    @Test func whatIsTooMuchIsLeftOut() async throws {
        let (listed, asked) = try await fetch([page(["a:1", "a:2", "a:3"], next: #""x""#)], maxItems: 2)
        #expect(try uris(listed) == ["a:1", "a:2"])
        #expect(asked.count == 1)
    }

    @Test func aMethodThatIsNotThereIsAnEmptyListButForTools() async throws {
        let unknown = #""error":{"code":-32601,"message":"no"}"#
        let (templates, _) = try await fetch([unknown], of: .resourceTemplates)
        #expect(try templates.get().definitions.isEmpty)
        let (tools, _) = try await fetch([unknown], of: .tools)
        #expect(throws: GateError.self) { try tools.get() }
        let (odd, _) = try await fetch([#""result":{"prompts":{}}"#], of: .prompts)
        #expect(throws: GateError.self) { try odd.get() }
    }

    @Test func onlyWhatIsDeclaredIsThere() throws {
        func offers(_ text: String, _ version: ProtocolVersion = .newest) throws -> BackendOffers {
            BackendOffers(try JSONValue(parsing: text), version: version)
        }
        #expect(try offers("{}") == [])
        #expect(try offers(#"{"tools":null,"resources":true,"prompts":[]}"#) == [])
        #expect(
            try offers(#"{"tools":{},"resources":{"subscribe":true},"logging":{}}"#)
                == [.tools, .resources, .resourceUpdates, .logging])
        #expect(
            try offers(#"{"prompts":{"listChanged":true},"completions":{}}"#)
                == [.prompts, .promptChanges, .completions])
        // The oldest revision has completion without a capability.
        #expect(try offers(#"{"prompts":{}}"#, .v2024_11_05) == [.prompts, .completions])
        #expect(try offers(#"{"resources":{}}"#).lists == [.resources, .resourceTemplates])
    }
}
