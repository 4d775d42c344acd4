import Testing

@testable import GateCore

@Suite struct NameBookResolveTests {
    private let book: NameBook

    init() {
        var book = NameBook()
        book.setTools(["echo", "be.echo", "solo", "a/b"], of: "alpha")
        book.setTools(["echo", "ECHO", "caf\u{E9}"], of: "beta")
        book.setTools(["ECHO"], of: "gamma")
        self.book = book
    }

    private func found(_ name: String) -> String? {
        guard case .tool(let record) = book.resolve(name) else { return nil }
        return record.identity.description
    }

    @Test(arguments: [
        ("echo", "alpha/echo"), ("beta_echo", "beta/echo"), ("be_echo", "alpha/be.echo"), ("be.echo", "alpha/be.echo"),
        ("alpha/echo", "alpha/echo"), ("beta/echo", "beta/echo"), ("alpha/a/b", "alpha/a/b"), ("a/b", "alpha/a/b"),
        ("a_b", "alpha/a/b"), ("beta/caf\u{E9}", "beta/caf\u{E9}"), ("caf\u{E9}", "beta/caf\u{E9}"),
    ])
    func finds(name: String, identity: String) {
        #expect(found(name) == identity)
    }

    @Test func aBareNameOfSeveralToolsIsAmbiguous() {
        guard case .ambiguous(let candidates) = book.resolve("ECHO") else { Issue.record("not ambiguous"); return }
        #expect(candidates.map(\.server) == ["beta", "gamma"])
        #expect(book.resolve("ECHO", isVisible: { $0.server == "gamma" }) == .tool(candidates[1]))
    }

    @Test(arguments: ["nope", "alpha/nope", "nope/echo", "/echo", "alpha/", "", "cafe\u{301}", "beta/cafe\u{301}"])
    func unknown(name: String) {
        #expect(book.resolve(name) == .unknown(similar: nil))
    }

    @Test func unknownNamesWithTheSameFoldAreHintedAt() {
        #expect(book.resolve("Beta-Echo") == .unknown(similar: "beta_echo"))
        #expect(book.resolve(server: "alpha", tool: "be-echo") == .unknown(similar: "be.echo"))
    }

    @Test func hiddenToolsAreAbsent() {
        #expect(book.resolve("solo", isVisible: { _ in false }) == .unknown(similar: nil))
        #expect(book.resolve("SOLO", isVisible: { _ in false }) == .unknown(similar: nil))
        #expect(book.resolve(server: "alpha", tool: "solo", isVisible: { _ in false }) == .unknown(similar: nil))
    }

    @Test func withinAServerBothNamesWork() {
        #expect(book.resolve(server: "beta", tool: "echo") == book.resolve("beta/echo"))
        #expect(book.resolve(server: "beta", tool: "beta_echo") == book.resolve("beta/echo"))
        #expect(book.resolve(server: "gamma", tool: "beta_echo") == .unknown(similar: nil))
    }
}
