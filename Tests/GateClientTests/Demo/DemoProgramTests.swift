import GateTestKit
import Testing

/// `stonegate demo-server` as a real child.
@Suite struct DemoProgramTests {
    @Test func bothErasOverPipes() async throws {
        let server = try Program(Products.path("stonegate"), ["demo-server"])
        let envelope =
            #""_meta":{"progressToken":1,"io.modelcontextprotocol/protocolVersion":"2026-07-28","#
            + #""io.modelcontextprotocol/clientCapabilities":{}}"#
        let slow =
            #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"slow","arguments":{"seconds":0.2,"steps":2},"#
            + envelope + "}}\n"
        let echo =
            #"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"echo","arguments":{"text":"quick"},"#
            + envelope + "}}\n"
        try await server.send(slow + echo)
        let quick = try await server.output.first { $0.contains(#""id":2,"#) }
        let done = try await server.output.first { $0.contains(#""id":1,"#) }
        #expect(quick.index == 0)
        #expect(quick.element.contains(#""text":"quick""#))
        #expect(done.index == 3)
        #expect(server.output.all.filter { $0.contains("notifications/progress") }.count == 2)

        try await server.send(
            #"{"jsonrpc":"2.0","id":3,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"#
                + #""clientInfo":{"name":"t","version":"1"}}}"# + "\n")
        let opened = try await server.output.first { $0.contains(#""id":3,"#) }.element
        #expect(opened.contains(#""protocolVersion":"2025-11-25""#))
        server.closeInput()
        #expect(try await server.exit() == .code(0))
    }

    @Test func overlongLinesAreRefusedAndForgotten() async throws {
        let server = try Program(Products.path("stonegate"), ["demo-server"])
        try await server.send(String(repeating: "x", count: 5 << 20) + "\n")
        let refusal = try await server.output.first { _ in true }.element
        #expect(refusal.contains("-32600"))
        try await server.send(#"{"jsonrpc":"2.0","id":1,"method":"ping"}"# + "\n")
        let pong = try await server.output.first(from: 1) { _ in true }.element
        #expect(pong == #"{"jsonrpc":"2.0","id":1,"result":{}}"#)
    }
}
