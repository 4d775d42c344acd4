import Testing

@testable import GateCore

@Suite struct ToolNamingTests {
    @Test(arguments: [
        ("read_file", "read_file"), ("Read-File", "read_file"), ("a__b", "a_b"), ("a.-/_b", "a_b"), ("ECHO", "echo"),
        ("_x_", "_x_"), ("", ""), ("é", "é"),
    ])
    func fold(name: String, folded: String) {
        #expect(ToolNaming.fold(name) == folded)
    }

    @Test(arguments: ["gate_call", "GATE_CALL", "gate-call", "gate.x", "gate__x", "gateCall", "Gate_", "gate/x"])
    func reserved(name: String) {
        #expect(ToolNaming.isReserved(name))
    }

    @Test(arguments: ["gate", "gates", "gateway_status", "navigate_call", "GATEWAY", "agate_call", "", "Gat"])
    func notReserved(name: String) {
        #expect(!ToolNaming.isReserved(name))
    }

    @Test(arguments: [
        ("a", true), ("A-b_9", true), (String(repeating: "x", count: 48), true),
        (String(repeating: "x", count: 49), false), ("", false), ("a.b", false), ("a b", false), ("é", false),
        ("a\n", false), ("K", true), ("\u{212A}", false),
    ])
    func fits(name: String, expected: Bool) {
        #expect(ToolNaming.fits(name) == expected)
    }

    /// Names that clients have stored contain these: they must never change.
    @Test func hashVectors() {
        #expect(NameHash.suffix(0) == "aaaaaaaa")
        #expect(NameHash.suffix(.max) == "77777777")
        #expect(NameHash.suffix(1) == "aaaaaaab")
        #expect(NameHash.of(server: "", tool: "") == 0xB903_4AD3_7056_F5FB)
        #expect(NameHash.of(server: "alpha", tool: "echo") == 0x4999_980F_B3F6_924D)
        #expect(NameHash.suffix(NameHash.of(server: "web-search", tool: "caf\u{E9}")) == "f5eehrbd")
        #expect(NameHash.of(server: "alph", tool: "aecho") != NameHash.of(server: "alpha", tool: "echo"))
        #expect(NameHash.of(server: "a", tool: "caf\u{E9}") != NameHash.of(server: "a", tool: "cafe\u{301}"))
    }
}
