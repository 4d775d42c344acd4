import GateProtocol
import GateTestKit
import Testing

/// `stonegate mcp` while its gateway is restarted: the client on stdin notices nothing but that lists may have changed.
@Suite(.serialized) struct BridgeRestartTests {
    private let config: String

    init() throws { config = try Backends.fake("notes", ["--era", "legacy", "--resources", "2"]) }

    private static func answer(_ bridge: Program, _ id: Int) async throws -> JSONValue {
        let line = try await bridge.output.first(within: .seconds(40)) {
            $0.contains("\"id\":\(id),") || $0.hasSuffix("\"id\":\(id)}")
        }
        return try JSONValue(parsing: line.element)
    }

    @Test func aSessionOutlivesItsGateway() async throws {
        let first = try await GatewayProcess.start(config)
        try await first.running(["notes"])
        let bridge = try Program(Products.path("stonegate"), ["mcp", "--url", first.baseURL])
        try await bridge.send(FakeMCP.initialize + "\n")
        _ = try await bridge.output.first { $0.contains("protocolVersion") }
        try await bridge.send(#"{"jsonrpc":"2.0","method":"notifications/initialized"}"# + "\n")
        try await bridge.send(MCPMessage.legacyCall("echo", ["text": "before"], id: 10) + "\n")
        #expect(try await BridgeRestartTests.answer(bridge, 10)["result"]?.text.contains("before") == true)
        let subscribe = #"{"jsonrpc":"2.0","id":11,"method":"resources/subscribe","params":{"uri":"test://note/1"}}"#
        try await bridge.send(subscribe + "\n")
        #expect(try await BridgeRestartTests.answer(bridge, 11)["result"]?.text == "{}")
        _ = try await first.call("notes", "touch", ["uri": "test://note/1"])
        let update = #"{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"test://note/1"}}"#
        _ = try await bridge.output.first { $0 == update }
        #expect(try await first.stop() == .code(0))

        let second = try await GatewayProcess.start(config, directory: first.directory, port: first.port)
        try await second.running(["notes"])
        let count = bridge.output.all.count
        try await bridge.send(MCPMessage.legacyCall("echo", ["text": "after"], id: 12) + "\n")
        #expect(try await BridgeRestartTests.answer(bridge, 12)["result"]?.text.contains("after") == true)
        // What may have been missed is told, and the subscription is there again.
        _ = try await bridge.output.first(from: count - 2, within: .seconds(40)) {
            $0.contains("notifications/tools/list_changed")
        }
        _ = try await bridge.output.first(from: count, within: .seconds(40)) { $0 == update }
        let restored = bridge.output.all.count
        _ = try await second.call("notes", "touch", ["uri": "test://note/1"])
        _ = try await bridge.output.first(from: restored, within: .seconds(40)) { $0 == update }
        #expect(!bridge.output.all.contains { $0.contains("\"error\"") }, "\(bridge.output.all)")
        bridge.closeInput()
        #expect(try await bridge.exit() == .code(0))
        #expect(try await second.stop() == .code(0))
    }
}
