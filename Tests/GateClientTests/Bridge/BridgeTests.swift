import GateProtocol
import Testing

@testable import stonegate

/// What the stdio bridge decides, without any input or output.
@Suite struct BridgeTests {
    private var bridge = Bridge(address: "http://gw")

    private static let envelope =
        #""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#
    private static let initialize =
        #"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18"}}"#
    private static let initialized = #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#
    private static let opened = #"{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-06-18"}}"#

    private static func call(_ id: String, tool: String = "echo") -> String {
        #"{"jsonrpc":"2.0","id":\#(id),"method":"tools/call","params":{"name":"\#(tool)",\#(envelope)}}"#
    }

    private static func legacyCall(_ id: Int) -> String {
        #"{"jsonrpc":"2.0","id":\#(id),"method":"tools/call","params":{"name":"echo"}}"#
    }

    /// What an event led to, in words.
    private mutating func tell(_ event: Bridge.Event, at seconds: Double = 0) -> [String] {
        bridge.handle(event, now: .seconds(seconds)).map { action in
            switch action {
            case .write(let line): "write " + String(decoding: line, as: UTF8.self)
            case .say(let text): "say \(text.prefix(19))"
            case .send(let id, let request): "send \(id) \(request.method)"
            case .cancel(let id): "cancel \(id)"
            case .wake(.retry(let id), let delay): "retry \(id) after \(delay)"
            case .wake(.lastAnswer, let delay): "last answer after \(delay)"
            case .end: "end"
            }
        }
    }

    private mutating func line(_ text: String, at seconds: Double = 0) -> [String] {
        tell(.line(Array(text.utf8)), at: seconds)
    }

    private mutating func request(_ text: String) throws -> BridgeRequest {
        let actions = bridge.handle(.line(Array(text.utf8)), now: .zero)
        guard case .send(_, let request) = try #require(actions.first) else {
            throw GateError(.internalError, "\(actions)")
        }
        return request
    }

    /// A whole answer to an exchange.
    private mutating func answer(
        _ id: Int, _ body: String?, status: Int = 200, session: String? = nil, at seconds: Double = 0
    ) -> [String] {
        var out = tell(.head(id, BridgeHead(status: status, sessionID: session)), at: seconds)
        if let body { out += tell(.body(id, Array(body.utf8)), at: seconds) }
        return out + tell(.finished(id, nil), at: seconds)
    }

    private mutating func openSession() {
        _ = line(Self.initialize)
        _ = answer(1, Self.opened, session: "s1")
        _ = line(Self.initialized)
        _ = answer(2, nil, status: 202)
        // Exchange 3 is the stream.
    }

    private func refused(_ message: String, sent: Bool) -> BridgeFailure { BridgeFailure(message: message, sent: sent) }

    /// The client has its answer when the body has come; the end of the exchange comes later.
    @Test mutating func aClientThatConfirmsBeforeTheEndKeepsItsSession() throws {
        _ = line(Self.initialize)
        var seen = tell(.head(1, BridgeHead(status: 200, sessionID: "s1")))
        seen += tell(.body(1, Array(Self.opened.utf8)))
        #expect(seen == ["write \(Self.opened)"])
        #expect(line(Self.initialized) == ["send 2 POST"])
        _ = tell(.finished(1, nil))
        _ = answer(2, nil, status: 202)
        #expect(try request(Self.legacyCall(7)).headers.contains { $0 == ("Mcp-Session-Id", "s1") })
    }

    @Test mutating func modernHeaders() throws {
        let plain = try request(Self.call("1"))
        #expect(
            plain.headers.map { "\($0.name): \($0.value)" }.sorted() == [
                "Accept: application/json, text/event-stream", "Content-Type: application/json",
                "MCP-Protocol-Version: 2026-07-28", "Mcp-Method: tools/call", "Mcp-Name: echo",
                "X-Stonegate-Transport: stdio",
            ])
        let wrapped = try request(Self.call("2", tool: "é"))
        #expect(wrapped.headers.contains { $0 == ("Mcp-Name", "=?base64?w6k=?=") })
        let read = try request(
            #"{"jsonrpc":"2.0","id":3,"method":"resources/read","params":{"uri":"a:b",\#(Self.envelope)}}"#)
        #expect(read.headers.contains { $0 == ("Mcp-Name", "a:b") })
    }

    @Test(arguments: [
        ("a b", "a b"), (" a", "=?base64?IGE=?="), ("", "=?base64??="), ("=?base64?x?=", "=?base64?PT9iYXNlNjQ/eD89?="),
        ("a\r\nb", "=?base64?YQ0KYg==?="),
    ])
    func headerTexts(text: String, header: String) { #expect(HeaderText.encode(text) == header) }

    @Test mutating func repliesArePassedOnOnOneLine() {
        #expect(line(Self.call("1")) == ["send 1 POST"])
        _ = tell(.head(1, BridgeHead(status: 200, sessionID: nil)))
        #expect(
            tell(.body(1, Array(#"{"jsonrpc":"2.0","method":"notifications/progress","params":{}}"#.utf8)))
                == [#"write {"jsonrpc":"2.0","method":"notifications/progress","params":{}}"#])
        #expect(
            tell(.body(1, Array("{\"jsonrpc\":\"2.0\",\r\n\"id\":1,\"result\":{}}".utf8)))
                == [#"write {"jsonrpc":"2.0",  "id":1,"result":{}}"#])
        #expect(tell(.finished(1, nil)).isEmpty)
    }

    @Test mutating func nothingButJSONRPCReachesTheClient() {
        _ = line(Self.call("1"))
        let out = answer(1, "<html>hello", status: 200)
        #expect(out.first == "say The gateway sent so")
        #expect(out.last?.contains(#""id":1,"error":{"code":1012"#) == true)
        _ = line(Self.call("2"))
        #expect(answer(2, "Bad Gateway", status: 502).last?.contains(#""id":2,"error":{"code":1021"#) == true)
    }

    @Test mutating func errorsWithoutIDGetTheirs() {
        _ = line(Self.call(#""x""#))
        let out = answer(1, #"{"jsonrpc":"2.0","id":null,"error":{"code":-32020,"message":"m"}}"#, status: 400)
        #expect(out == [#"write {"jsonrpc":"2.0","id":"x","error":{"code":-32020,"message":"m"}}"#])
    }

    @Test mutating func idsMayBeWrittenInAnotherWay() {
        _ = line(Self.call(#""\u00e9""#))
        #expect(
            answer(1, #"{"jsonrpc":"2.0","id":"é","result":{}}"#) == [#"write {"jsonrpc":"2.0","id":"é","result":{}}"#])
    }

    @Test mutating func wrongLinesAreAnswered() {
        #expect(line("nonsense").first?.contains(#""error":{"code":-32700"#) == true)
        #expect(line(#"{"jsonrpc":"1.0","id":4}"#).first?.contains(#""id":4,"error":{"code":-32600"#) == true)
        #expect(tell(.overlongLine).first?.contains("4 MiB") == true)
    }

    @Test mutating func requestsWaitForTheGateway() {
        _ = line(Self.call("1"))
        let gone = refused("refused", sent: false)
        #expect(tell(.finished(1, gone)) == ["say No gateway answers ", "retry 1 after 0.1 seconds"])
        #expect(tell(.timer(.retry(1)), at: 0.1) == ["send 1 POST"])
        #expect(tell(.finished(1, gone), at: 0.1) == ["retry 1 after 0.2 seconds"])
        #expect(tell(.timer(.retry(1)), at: 0.3) == ["send 1 POST"])
        #expect(tell(.head(1, BridgeHead(status: 200, sessionID: nil)), at: 0.4) == ["say The gateway at http"])
        _ = tell(.finished(1, gone), at: 9)
        let last = tell(.finished(1, gone), at: 10)
        #expect(last.last?.contains(#""code":"GATEWAY_UNREACHABLE""#) == true)
        #expect(bridge.exchanges.isEmpty)
    }

    @Test mutating func sentCallsAreNeverRepeated() {
        _ = line(Self.call("1"))
        let out = tell(.finished(1, refused("broke", sent: true)))
        #expect(out.count == 1)
        #expect(out.first?.contains(#""code":"OUTCOME_UNKNOWN""#) == true)
        // Reading may be repeated.
        _ = line(#"{"jsonrpc":"2.0","id":2,"method":"tools/list","params":{\#(Self.envelope)}}"#)
        #expect(tell(.finished(2, refused("broke", sent: true))) == ["retry 2 after 0.1 seconds"])
    }

    @Test mutating func modernCancellationClosesTheExchange() {
        _ = line(Self.call("7"))
        let notice = #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}"#
        #expect(line(notice) == ["cancel 1"])
        #expect(tell(.finished(1, refused("cancelled", sent: true))).isEmpty)
        #expect(line(notice).isEmpty)
    }

    @Test mutating func legacyHandshakeOpensTheStream() throws {
        #expect(line(Self.initialize) == ["send 1 POST"])
        // Nothing overtakes the handshake.
        #expect(line(Self.legacyCall(5)).isEmpty)
        let out = answer(1, Self.opened, session: "s1")
        #expect(out == ["write " + Self.opened, "send 2 POST"])
        #expect(line(Self.initialized) == ["send 3 POST"])
        #expect(line(Self.legacyCall(6)).isEmpty)
        #expect(answer(3, nil, status: 202) == ["send 4 GET", "send 5 POST"])
        let call = try request(Self.legacyCall(7))
        #expect(call.headers.contains { $0 == ("Mcp-Session-Id", "s1") })
        #expect(call.headers.contains { $0 == ("MCP-Protocol-Version", "2025-06-18") })
        // A gateway without stream is not asked again.
        #expect(answer(4, nil, status: 405).isEmpty)
    }

    @Test mutating func legacyCancellationIsPassedOn() {
        openSession()
        #expect(line(Self.legacyCall(7)) == ["send 4 POST"])
        #expect(
            line(#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}"#) == ["send 5 POST"])
        // The gateway answers a cancelled request with nothing, and so does the bridge.
        #expect(answer(4, nil).isEmpty)
    }

    @Test mutating func forgottenSessionsAreOpenedAgain() throws {
        openSession()
        _ = tell(.head(3, BridgeHead(status: 200, sessionID: nil)))
        #expect(line(Self.legacyCall(7)) == ["send 4 POST"])
        let gone = #"{"jsonrpc":"2.0","id":7,"error":{"code":-32600,"message":"Session terminated"}}"#
        #expect(answer(4, gone, status: 404) == ["cancel 3", "send 5 POST"])
        #expect(line(Self.legacyCall(8)).isEmpty)
        // The client has had its answer to initialize.
        #expect(answer(5, Self.opened, session: "s2") == ["send 6 POST"])
        #expect(answer(6, nil, status: 202) == ["send 7 GET", "send 8 POST", "send 9 POST"])
        #expect(
            tell(.head(7, BridgeHead(status: 200, sessionID: nil)))
                == [#"write {"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#])
        // Only once for each message.
        #expect(answer(8, gone, status: 404) == ["write " + gone])
        #expect(bridge.session.id == "s2")
    }

    @Test mutating func streamsComeBackAndTellThatTheyWereAway() {
        openSession()
        _ = tell(.head(3, BridgeHead(status: 200, sessionID: nil)))
        #expect(tell(.finished(3, refused("broke", sent: true)), at: 500) == ["retry 3 after 0.1 seconds"])
        #expect(tell(.timer(.retry(3)), at: 501) == ["send 3 GET"])
        #expect(
            tell(.head(3, BridgeHead(status: 200, sessionID: nil)), at: 501)
                == [#"write {"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#])
    }

    @Test mutating func subscriptionsOutliveTheGateway() {
        let listen =
            #"{"jsonrpc":"2.0","id":"L","method":"subscriptions/listen","params":{"notifications":{"toolsListChanged":true},"#
            + Self.envelope + "}}"
        let acknowledged =
            #"{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"notifications":{"toolsListChanged":true}}}"#
        #expect(line(listen) == ["send 1 POST"])
        _ = tell(.head(1, BridgeHead(status: 200, sessionID: nil)))
        #expect(tell(.body(1, Array(acknowledged.utf8))) == ["write " + acknowledged])
        // The gateway's last word when it stops.
        #expect(tell(.body(1, Array(#"{"jsonrpc":"2.0","id":"L","result":{"resultType":"complete"}}"#.utf8))).isEmpty)
        #expect(tell(.finished(1, nil), at: 100) == ["retry 1 after 0.1 seconds"])
        #expect(tell(.timer(.retry(1)), at: 101) == ["send 1 POST"])
        _ = tell(.head(1, BridgeHead(status: 200, sessionID: nil)))
        #expect(
            tell(.body(1, Array(acknowledged.utf8))) == [
                #"write {"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{"_meta":{"#
                    + #""io.modelcontextprotocol/subscriptionId":"L"}}}"#
            ])
        #expect(
            line(#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"L"}}"#) == ["cancel 1"])
    }

    @Test mutating func refusedSubscriptionsEnd() {
        _ = line(#"{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{\#(Self.envelope)}}"#)
        let error = #"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no"}}"#
        #expect(answer(1, error) == ["write " + error])
        #expect(bridge.exchanges.isEmpty)
    }

    @Test mutating func endsAfterTheLastAnswer() {
        openSession()
        _ = line(Self.legacyCall(7))
        #expect(tell(.inputEnded) == ["cancel 3", "last answer after 30.0 seconds"])
        #expect(answer(4, #"{"jsonrpc":"2.0","id":7,"result":{}}"#).last == "send 5 DELETE")
        #expect(tell(.finished(5, nil)) == ["end"])
    }

    @Test mutating func endsAtOnceWithoutWork() {
        #expect(tell(.inputEnded) == ["last answer after 30.0 seconds", "end"])
    }

    @Test func eventStreams() {
        var parser = EventStreamParser()
        let text =
            ": ping\r\n\r\nid: 3\ndata: \n\nevent: message\ndata: {\"a\":\ndata: 1}\n\nid:4\ndata:x\r\rid: a b\n\n"
        var events: [String] = []
        for byte in text.utf8 {
            events += withUnsafeBytes(of: byte) { parser.add($0) }.map {
                "\($0.id ?? "-") \(String(decoding: $0.data, as: UTF8.self))"
            }
        }
        #expect(events == ["3 ", "- {\"a\":\n1}", "4 x"])
    }
}
