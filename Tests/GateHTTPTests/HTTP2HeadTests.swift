import NIOHPACK
import NIOHTTP1
import Testing

@testable import GateHTTP

/// A head of HTTP/2 is held to the rules for HTTP/1.1.
@Suite struct HTTP2HeadTests {
    private func parse(_ fields: [(String, String)]) -> Result<HTTPHead, HTTPRefusal> {
        Result { () throws(HTTPRefusal) in try HTTP2Head.parse(HPACKHeaders(fields), limits: HTTPLimits()) }
    }

    private static let good = [
        (":method", "POST"), (":scheme", "https"), (":authority", "gate.test:3393"), (":path", "/mcp?x=1"),
    ]

    @Test func theHeadIsThatOfTheSameRequestInHTTP1() throws {
        let head = try parse(
            Self.good + [("accept", "text/html"), ("content-length", "12"), ("x-a", "b"), ("x-a", "c")]
        )
        .get()
        #expect(head.method == .POST && head.path == "/mcp" && head.query == "x=1" && head.isHTTP11)
        #expect(head.headers["Host"] == "gate.test:3393" && head.headers["Accept"] == "text/html")
        #expect(head.headers.all("X-A") == ["b", "c"])
        #expect(head.headers["Content-Length"] == nil && head.body == .none)
    }

    private func status(_ fields: [(String, String)]) -> UInt? {
        if case .failure(let refusal) = parse(fields) { return refusal.status.code }
        return nil
    }

    @Test func hostMustSayTheSame() {
        #expect(status(Self.good + [("host", "gate.test:3393")]) == nil)
        #expect(status(Self.good + [("host", "evil.test")]) == 400)
        #expect(status(Self.good + [("host", "gate.test:3393"), ("host", "gate.test:3393")]) == 400)
        let hostOnly = Self.good.filter { $0.0 != ":authority" } + [("host", "gate.test")]
        #expect(status(hostOnly) == nil)
        #expect(status(Self.good.filter { $0.0 != ":authority" }) == 400)
    }

    @Test(arguments: [
        (":path", "/a b"), (":path", "/a\r\nx: y"), (":path", "a"), (":path", ""), (":path", "http://evil/"),
        (":method", "GET /x"), (":method", ""), (":authority", "user@gate.test"), (":authority", "a\nb"),
        (":authority", "gate.test/x"),
    ])
    func aPseudoFieldCannotBeMoreThanItIs(_ name: String, _ value: String) {
        #expect(status(Self.good.map { $0.0 == name ? (name, value) : $0 }) == 400)
    }

    @Test(arguments: ["a\r\nhost: evil", "a\u{0}b", "a\u{1}", "\u{7F}", "a\u{2028}b"])
    func aValueCannotBeginAnotherLine(_ value: String) {
        #expect(status(Self.good + [("x-a", value)]) == 400)
        #expect(status(Self.good + [("x\r\ny", "a")]) == 400)
    }

    @Test func limitsAreThoseOfHTTP1() {
        #expect(
            status(Self.good.map { $0.0 == ":path" ? (":path", "/" + String(repeating: "x", count: 9_000)) : $0 })
                == 414)
        #expect(status(Self.good + [("x-a", String(repeating: "x", count: 40_000))]) == 431)
        #expect(status(Self.good + (0..<101).map { ("x-\($0)", "y") }) == 431)
    }
}
