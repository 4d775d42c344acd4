import GateCore
import Testing

@testable import GateConfig

@Suite struct IntegrityConfigTests {
    @Test func theSectionAndTheBackendsOwnValues() throws {
        let loaded = try load(
            """
            [integrity]
            on_new = "report"
            on_change = "block"
            [[backends]]
            name = "a"
            command = "a"
            [[backends]]
            name = "b"
            command = "b"
            integrity = { on_new = "block" }
            """
        ).config
        #expect(loaded.integrity == IntegrityPolicy(onNew: .report, onChange: .block))
        let policies = loaded.backends.map { $0.integrityPolicy(loaded) }
        #expect(policies == [.init(onNew: .report, onChange: .block), .init(onNew: .block, onChange: .block)])
        #expect(GatewayConfig().integrity == IntegrityPolicy(onNew: .allow, onChange: .report))
        // What is added at run time is kept with its own values.
        let json = loaded.backends[1].json(secrets: .exposed)
        #expect(try BackendConfig.validated(json: json.utf8) == loaded.backends[1])
        #expect(EffectiveConfig(loaded).toml.contains("integrity = { on_new = \"block\" }"))
    }

    @Test(arguments: [
        ("[integrity]\non_change = \"allow\"", "must be one of \"report\", \"block\", not \"allow\""),
        ("[integrity]\non_new = \"blok\"", "did you mean \"block\"?"),
        ("[integrity]\non_new = true", "must be a string"),
        ("[[backends]]\nname = \"a\"\ncommand = \"a\"\nintegrity = \"block\"", "must be a table"),
        ("[[backends]]\nname = \"a\"\ncommand = \"a\"\nintegrity = { on_old = \"block\" }", "unknown key"),
        ("[[backends]]\nname = \"a\"\ncommand = \"a\"\nintegrity = { on_new = \"x\" }", "must be one of"),
    ]) func whatIsWrongIsSaid(_ text: String, _ words: String) {
        #expect(problems(text).contains { $0.contains(words) }, "\(problems(text))")
    }

    /// A changed policy reaches the backends that have none of their own.
    @Test func aChangedPolicyReplacesTheBackendsItReaches() throws {
        let text = """
            [[backends]]
            name = "a"
            command = "a"
            [[backends]]
            name = "b"
            command = "b"
            integrity = { on_change = "report" }

            """
        let old = try load(text).config
        let new = try load("[integrity]\non_change = \"block\"\n" + text).config
        let change = ConfigChange(running: old.backends, runtime: [], from: old, to: new)
        #expect(change.changed.map(\.name) == ["a"] && change.unchanged == ["b"])
        #expect(change.applied == ["integrity.on_change"] && change.needsRestart.isEmpty)
    }
}
