import GateProtocol
import Testing

@testable import stonegate

/// What the stdio bridge does when connections break, or the gateway is restarted, in the middle of a legacy session.
@Suite struct BridgeResumptionTests {
    private var bridge = Bridge(address: "http://gw")
    private let broken = BridgeFailure(message: "broke", sent: true)

    private static let initialize =
        #"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}"#
    private static let opened =
        #"{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{"listChanged":true},"resources":{"listChanged":true}}}}"#
    private static let call = #"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo"}}"#
    private static let result = #"{"jsonrpc":"2.0","id":7,"result":{}}"#
    private static let gone = #"{"jsonrpc":"2.0","error":{"code":-32600,"message":"Session terminated"}}"#

    private mutating func tell(_ event: Bridge.Event, at seconds: Double = 0) -> [String] {
        bridge.handle(event, now: .seconds(seconds)).map { action in
            switch action {
            case .write(let line): "write " + String(decoding: line, as: UTF8.self)
            case .say(let text): "say \(text)"
            case .send(let id, let request):
                ([("", "send \(id) \(request.method)")] + request.headers.filter { $0.name == "Last-Event-ID" })
                    .map { $0.0.isEmpty ? $0.1 : "\($0.0): \($0.1)" }.joined(separator: " ")
            case .cancel(let id): "cancel \(id)"
            case .wake(.retry(let id), _): "retry \(id)"
            case .wake(.lastAnswer, _): "last answer"
            case .end: "end"
            }
        }
    }

    private mutating func line(_ text: String) -> [String] { tell(.line(Array(text.utf8))) }
    private mutating func head(_ id: Int, _ status: Int = 200, session: String? = nil) -> [String] {
        tell(.head(id, BridgeHead(status: status, sessionID: session)))
    }
    private mutating func body(_ id: Int, _ text: String) -> [String] { tell(.body(id, Array(text.utf8))) }

    private mutating func open() {
        _ = line(Self.initialize)
        _ = head(1, session: "s1")
        _ = body(1, Self.opened)
        _ = tell(.finished(1, nil))
        _ = line(#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)
        _ = head(2, 202)
        _ = tell(.finished(2, nil))
        // Exchange 3 is the stream.
        _ = head(3)
    }

    @Test mutating func theRestOfAnAnswerIsAskedFor() {
        open()
        #expect(line(Self.call) == ["send 4 POST"])
        _ = head(4)
        #expect(tell(.place(4, "e-1")).isEmpty)
        #expect(tell(.finished(4, broken)) == ["retry 4"])
        #expect(tell(.timer(.retry(4))) == ["send 4 GET Last-Event-ID: e-1"])
        _ = head(4)
        _ = tell(.place(4, "e-2"))
        #expect(tell(.finished(4, nil)) == ["retry 4"])
        #expect(tell(.timer(.retry(4))) == ["send 4 GET Last-Event-ID: e-2"])
        _ = head(4)
        #expect(body(4, Self.result) == ["write " + Self.result])
        #expect(tell(.finished(4, nil)).isEmpty)
    }

    @Test mutating func aGatewayThatDoesNotComeBackLeavesTheOutcomeUnknown() {
        open()
        _ = line(Self.call)
        _ = head(4)
        _ = tell(.place(4, "e-1"))
        _ = tell(.finished(4, broken), at: 1)
        let refused = BridgeFailure(message: "refused", sent: false)
        #expect(tell(.finished(4, refused), at: 5).last == "retry 4")
        let last = tell(.finished(4, refused), at: 12)
        #expect(last.last?.contains(#""code":"OUTCOME_UNKNOWN""#) == true, "\(last)")
    }

    @Test mutating func aCallIsNotRepeatedInANewSession() {
        open()
        _ = line(Self.call)
        _ = head(4)
        _ = tell(.place(4, "e-1"))
        _ = tell(.finished(4, broken))
        _ = tell(.timer(.retry(4)))
        _ = head(4, 404)
        _ = body(4, Self.gone)
        let out = tell(.finished(4, nil))
        #expect(out.first?.contains(#""code":"OUTCOME_UNKNOWN""#) == true)
        #expect(out.suffix(2) == ["cancel 3", "send 5 POST"])
    }

    @Test mutating func aCancelledCallIsNotAskedFor() {
        open()
        _ = line(Self.call)
        _ = head(4)
        _ = tell(.place(4, "e-1"))
        _ = line(#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}"#)
        #expect(tell(.finished(4, broken)).isEmpty)
    }

    @Test mutating func theStreamOfNoticesGoesOnWhereItWas() {
        open()
        _ = tell(.place(3, "n-4"))
        #expect(tell(.finished(3, broken)) == ["retry 3"])
        #expect(tell(.timer(.retry(3))) == ["send 3 GET Last-Event-ID: n-4"])
        // A gateway that was restarted has kept nothing.
        #expect(
            head(3)
                == ["tools", "resources"].map {
                    #"write {"jsonrpc":"2.0","method":"notifications/\#($0)/list_changed"}"#
                })
    }

    @Test mutating func whatTheSessionHadIsAskedForAgain() {
        open()
        for (id, method, params) in [
            (10, "logging/setLevel", #"{"level":"info"}"#), (11, "resources/subscribe", #"{"uri":"test://a"}"#),
            (12, "resources/subscribe", #"{"uri":"test://b"}"#), (13, "resources/unsubscribe", #"{"uri":"test://a"}"#),
        ] {
            _ = line(#"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":\#(params)}"#)
            _ = head(id - 6)
            _ = body(id - 6, #"{"jsonrpc":"2.0","id":\#(id),"result":{}}"#)
            _ = tell(.finished(id - 6, nil))
        }
        #expect(line(Self.call) == ["send 8 POST"])
        _ = head(8, 404)
        _ = body(8, Self.gone)
        #expect(tell(.finished(8, nil)) == ["cancel 3", "send 9 POST"])
        _ = head(9, session: "s2")
        _ = body(9, Self.opened)
        #expect(tell(.finished(9, nil)) == ["send 10 POST"])
        _ = head(10, 202)
        // The stream, the level, the resource, and the call that found the session gone.
        #expect(
            tell(.finished(10, nil)) == ["send 11 GET", "send 12 POST", "send 13 POST", "send 14 POST"])
        _ = head(12)
        #expect(body(12, #"{"jsonrpc":"2.0","id":10,"result":{}}"#).isEmpty)
        _ = head(13)
        // It may have changed while nobody listened.
        #expect(
            body(13, #"{"jsonrpc":"2.0","id":12,"result":{}}"#)
                == [#"write {"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"test://b"}}"#])
    }

    @Test mutating func questionsAndTheirAnswersPass() {
        open()
        let question = #"{"jsonrpc":"2.0","id":"q-1","method":"elicitation/create","params":{}}"#
        _ = line(Self.call)
        _ = head(4)
        #expect(body(4, question) == ["write " + question])
        #expect(line(#"{"jsonrpc":"2.0","id":"q-1","result":{"action":"decline"}}"#) == ["send 5 POST"])
        _ = head(5, 202)
        #expect(tell(.finished(5, nil)).isEmpty)
    }
}
