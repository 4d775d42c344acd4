@testable import GateServer
import GateBackend
import GateCore
import GateProtocol
import NIOCore
import Testing

struct SealingTests {
    private static func call(
        _ tool: String = "t", arguments: String? = #"{"a":1}"#, agent: String = "a", session: InstanceOwner? = nil
    ) -> GatewayCall {
        GatewayCall(
            target: ToolTarget(server: "s", tool: tool), arguments: arguments.map { ByteBuffer(string: $0) },
            caller: Caller(agent: agent, source: .mcp, session: session))
    }

    private static func sealer(_ byte: UInt8 = 1) throws -> StateSealer {
        try #require(StateSealer(key: [UInt8](repeating: byte, count: 32)))
    }

    private static func inner(_ text: ByteBuffer) -> [UInt8] {
        let bytes = Array(buffer: text)
        #expect(bytes.first == UInt8(ascii: "\"") && bytes.last == UInt8(ascii: "\""))
        return Array(bytes.dropFirst().dropLast())
    }

    @Test(arguments: [
        StateSealer.Content.parked(.init(high: 1, low: .max), round: 7), .wrapped(Array(#""state""#.utf8)),
        .urls(attempt: 3),
    ])
    func whatIsSealedIsFoundAgain(_ content: StateSealer.Content) throws {
        let sealer = try SealingTests.sealer()
        let text = SealingTests.inner(sealer.seal(content, for: SealingTests.call(), expiry: 100))
        #expect(try sealer.open(text, for: SealingTests.call(), now: 100) == content)
        #expect(throws: StateSealer.Fault.expired) { try sealer.open(text, for: SealingTests.call(), now: 101) }
        for other in [
            SealingTests.call("u"), SealingTests.call(arguments: #"{"a":2}"#), SealingTests.call(arguments: nil),
            SealingTests.call(agent: "b"), SealingTests.call(session: .namedSession(ExactText("x"))),
        ] {
            #expect(throws: StateSealer.Fault.foreign) { try sealer.open(text, for: other, now: 0) }
        }
        #expect(throws: StateSealer.Fault.foreign) {
            try SealingTests.sealer(2).open(text, for: SealingTests.call(), now: 0)
        }
        for index in text.indices {
            var changed = text
            changed[index] = changed[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            #expect(throws: StateSealer.Fault.foreign) { try sealer.open(changed, for: SealingTests.call(), now: 0) }
            #expect(throws: StateSealer.Fault.foreign) {
                try sealer.open(text[..<index], for: SealingTests.call(), now: 0)
            }
        }
    }

    /// No part of a call can be taken for a piece of its neighbour.
    @Test func partsDoNotRunTogether() throws {
        let sealer = try SealingTests.sealer()
        let text = SealingTests.inner(
            sealer.seal(.urls(attempt: 1), for: SealingTests.call("ab", agent: "c"), expiry: 9))
        #expect(throws: StateSealer.Fault.foreign) {
            try sealer.open(text, for: SealingTests.call("a", agent: "bc"), now: 0)
        }
    }

    @Test func keysOfOtherLengthsAreRefused() {
        #expect(StateSealer(key: []) == nil)
        #expect(StateSealer(key: [UInt8](repeating: 1, count: 33)) == nil)
    }
}
