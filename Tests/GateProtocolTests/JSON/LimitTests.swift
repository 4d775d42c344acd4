import GateProtocol
import Testing

/// Work is bounded before anything is decoded.
@Suite struct LimitTests {
    private func nested(_ count: Int, open: String = "[", close: String = "]", core: String = "") -> String {
        String(repeating: open, count: count) + core + String(repeating: close, count: count)
    }

    @Test(arguments: [(1, true), (63, true), (64, true), (65, false), (510, false), (100_000, false)])
    func depth(_ depth: Int, _ accepted: Bool) {
        let texts = [
            nested(depth), nested(depth, open: #"{"a":"#, close: "}", core: "1"),
            String(repeating: "[", count: depth - 1) + "{}" + String(repeating: "]", count: depth - 1),
        ]
        for text in texts {
            #expect(fault(text)?.reason == (accepted ? nil : .tooDeep))
            #expect(((try? JSONValue(parsing: text)) != nil) == accepted)
        }
        // Never closed: refused for its depth, or for its end.
        #expect(fault(String(repeating: "[", count: depth))?.reason == (accepted ? .unexpectedEnd : .tooDeep))
    }

    @Test func siblingsDoNotAddUpToDepth() {
        #expect(fault("[" + Array(repeating: nested(63), count: 200).joined(separator: ",") + "]") == nil)
    }

    @Test func containersAreClosedByTheirOwnBrackets() {
        let mixed = String(repeating: #"[{"a":"#, count: 32) + "1" + String(repeating: "}]", count: 32)
        #expect(fault(mixed) == nil)
        #expect(fault(String(repeating: #"[{"a":"#, count: 32) + "1" + String(repeating: "]}", count: 32)) != nil)
    }

    @Test func aSmallerDepthHolds() {
        #expect(fault("[[1]]", limits: JSONLimits(depth: 2)) == nil)
        #expect(fault("[[[1]]]", limits: JSONLimits(depth: 2))?.reason == .tooDeep)
        #expect(JSONLimits(depth: 1_000).depth == 64)
        #expect(JSONLimits(depth: 0).depth == 1)
    }

    @Test func nodes() {
        let limits = JSONLimits(nodes: 5)
        #expect(fault("[1,2,3,4]", limits: limits) == nil)
        #expect(fault("[1,2,3,4,5]", limits: limits)?.reason == .tooManyValues)
        #expect(fault(#"{"a":[],"b":{},"c":"","d":null}"#, limits: limits) == nil)
        #expect(fault(#"{"a":[],"b":{},"c":"","d":null,"e":0}"#, limits: limits)?.reason == .tooManyValues)
    }

    @Test func nodesCountThroughObjectsThatAreTakenApart() {
        let text = Array(#"{"a":1,"b":[1,2]}"#.utf8)
        text.withUnsafeBytes { buffer in
            var scanner = JSONScanner(buffer, limits: JSONLimits(nodes: 5))
            #expect((try? scanner.scanObject().list.count) == 2)
            var strict = JSONScanner(buffer, limits: JSONLimits(nodes: 4))
            #expect(throws: JSONFault.self) { try strict.scanObject() }
        }
    }

    @Test func members() {
        let text = Array(("{" + (0..<1_001).map { "\"k\($0)\":0" }.joined(separator: ",") + "}").utf8)
        text.withUnsafeBytes { buffer in
            var scanner = JSONScanner(buffer)
            #expect(throws: JSONFault.self) { try scanner.scanObject() }
            var wide = JSONScanner(buffer, limits: JSONLimits(members: 1_001))
            #expect((try? wide.scanObject().list.count) == 1_001)
        }
    }

    /// Far above what a debug build needs, far below what a decoder without limits needs.
    @Test func aLongStringIsCheap() {
        let text = [0x22] + [UInt8](repeating: 0x61, count: 256 * 1024) + [0x22]
        let best = (0..<5).map { _ in ContinuousClock().measure { #expect(fault(text) == nil) } }.min()
        #expect(best ?? .zero < .milliseconds(50))
    }

    @Test func fourMegabytesOfTinyObjectsAreRefusedQuickly() {
        var text = Array("[".utf8)
        text.reserveCapacity(4 << 20)
        while text.count < 4 << 20 { text += #"{"a":1},"#.utf8 }
        let time = ContinuousClock().measure { #expect(fault(text)?.reason == .tooManyValues) }
        #expect(time < .seconds(2))
        #expect((try? JSONValue(parsing: text)) == nil)
    }
}
