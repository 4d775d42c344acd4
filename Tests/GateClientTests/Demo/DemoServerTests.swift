import GateDemo
import GateProtocol
import Testing

/// The demo server as a value: messages and times in, messages out.
@Suite struct DemoServerTests {
    private var server = DemoServer()

    private mutating func say(_ line: String, at seconds: Double = 0) throws -> [JSONValue] {
        let now = DemoTime(uptime: .seconds(seconds), unixSeconds: 1_700_000_000)
        return try server.receive(Array(line.utf8), now: now).map { try JSONValue(parsing: $0) }
    }

    private mutating func tick(at seconds: Double) throws -> [JSONValue] {
        let now = DemoTime(uptime: .seconds(seconds), unixSeconds: 1_700_000_000)
        return try server.tick(now: now).map { try JSONValue(parsing: $0) }
    }

    private func modern(
        _ method: String, _ params: String = "", id: String = "1", capabilities: String = "{}", meta: String = ""
    ) -> String {
        #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":{\#(params)\#(params.isEmpty ? "" : ",")"_meta":{"#
            + #""io.modelcontextprotocol/protocolVersion":"2026-07-28","#
            + #""io.modelcontextprotocol/clientCapabilities":\#(capabilities)\#(meta)}}}"#
    }

    private mutating func openSession(_ version: String = "2025-06-18", capabilities: String = "{}") throws -> JSONValue
    {
        let answer = try say(
            #"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"\#(version)","#
                + #""capabilities":\#(capabilities),"clientInfo":{"name":"t","version":"1"}}}"#)
        _ = try say(#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)
        return try #require(answer.first?["result"])
    }

    @Test mutating func discoverTellsWhatModernClientsNeed() throws {
        let result = try #require(try say(modern("server/discover")).first?["result"])
        #expect(result["supportedVersions"] == ["2026-07-28"])
        #expect(result["resultType"] == "complete")
        #expect(result["ttlMs"]?.intValue != nil)
        #expect(result["cacheScope"] == "public")
        #expect(result["_meta"]?["io.modelcontextprotocol/serverInfo"]?["name"] == "stonegate-demo")
    }

    @Test(arguments: [
        ("2024-11-05", "2024-11-05"), ("2025-06-18", "2025-06-18"), ("2025-11-25", "2025-11-25"),
        // Its batches are not supported, and the modern era has no handshake.
        ("2025-03-26", "2025-11-25"), ("2026-07-28", "2025-11-25"), ("nonsense", "2025-11-25"),
    ])
    mutating func handshakeSettlesOnAVersion(asked: String, agreed: String) throws {
        #expect(try openSession(asked)["protocolVersion"] == .string(agreed))
    }

    @Test mutating func refusalsSayWhatIsMissing() throws {
        #expect(try say(#"{"jsonrpc":"2.0","id":5,"method":"tools/list"}"#).first?["error"]?["code"] == -32602)
        let other = modern("tools/list").replacing("2026-07-28", with: "2030-01-01")
        let error = try #require(try say(other).first?["error"])
        #expect(error["code"] == -32022)
        #expect(error["data"] == ["supported": ["2026-07-28"], "requested": "2030-01-01"])
        #expect(try say(modern("tools/list", capabilities: "3")).first?["error"]?["code"] == -32602)
        #expect(try say(modern("ping")).first?["error"]?["code"] == -32601)
        #expect(try say(modern("tools/call", #""name":"nope""#)).first?["error"]?["code"] == -32602)
        #expect(try say("nonsense").first?["error"]?["code"] == -32700)
        #expect(try say("[]").first?["error"]?["code"] == -32600)
    }

    @Test mutating func idsComeBackAsTheyWere() throws {
        for id in [#""a\u00e9""#, "9007199254740993", "-1", #""""#] {
            let answer = server.receive(
                Array(modern("tools/list", id: id).utf8), now: .init(uptime: .zero, unixSeconds: 0))
            #expect(String(decoding: try #require(answer.first), as: UTF8.self).contains(#""id":\#(id),"#))
        }
    }

    @Test(arguments: [
        ("echo", #"{"text":"hé\n"}"#, "hé\n", false),
        ("echo", "{}", #""text" is missing: give a string."#, true),
        ("echo", #"{"text":"a","x":1}"#, #"Unknown argument "x"; known here: text."#, true),
        ("clock", "{}", "2023-11-14T22:13:20Z (UTC)", false),
        ("clock", #"{"timezone":"Europe/Berlin"}"#, "2023-11-14T23:13:20+01:00 (Europe/Berlin)", false),
        ("fail", #"{"message":"no"}"#, "no", true),
        ("stats", #"{"numbers":[]}"#, #""numbers" must be an array of at least one number."#, true),
        ("stats", #"{"numbers":[1e400]}"#, #""numbers" must hold numbers only; this is none: 1e400"#, true),
        ("slow", #"{"steps":0}"#, #""steps" must be an integer from 1 to 1000."#, true),
    ])
    mutating func toolsAnswer(tool: String, arguments: String, text: String, isError: Bool) throws {
        let line = modern("tools/call", #""name":"\#(tool)","arguments":\#(arguments)"#)
        let result = try #require(try say(line).first?["result"])
        #expect(result["content"]?.arrayValue?.first?["text"] == .string(text))
        #expect(result["isError"] == .bool(isError))
    }

    @Test mutating func statsAreStructured() throws {
        let line = modern("tools/call", #""name":"stats","arguments":{"numbers":[1,2.5,3.0]}"#)
        let result = try #require(try say(line).first?["result"])
        let expected: JSONValue = [
            "count": 3, "sum": 6.5, "mean": .number("2.1666666666666665"), "min": 1, "max": 3,
        ]
        #expect(result["structuredContent"] == expected)
        #expect(result["content"]?.arrayValue?.first?["text"] == .string(expected.text))
    }

    @Test mutating func slowReportsEachStepAndBlocksNobody() throws {
        let call = modern(
            "tools/call", #""name":"slow","arguments":{"seconds":3,"steps":3}"#, id: "7", meta: #","progressToken":"p""#
        )
        #expect(try say(call).isEmpty)
        #expect(server.nextDeadline == .seconds(1))
        #expect(try say(modern("tools/call", #""name":"echo","arguments":{"text":"x"}"#, id: "8"), at: 0.5).count == 1)
        #expect(try tick(at: 0.9).isEmpty)
        let step = try tick(at: 1)
        #expect(step.map { $0["params"]?["progress"] } == [1])
        #expect(step.first?["params"]?["progressToken"] == "p")
        let rest = try tick(at: 10)
        #expect(
            rest.map { $0["method"]?.stringValue ?? "result" } == [
                "notifications/progress", "notifications/progress", "result",
            ])
        #expect(rest.last?["result"]?["content"]?.arrayValue?.first?["text"] == "Done: 3 steps in 3 s.")
        #expect(server.nextDeadline == nil)
    }

    @Test mutating func cancelledSlowCallsAreSilent() throws {
        _ = try say(modern("tools/call", #""name":"slow","arguments":{"seconds":3}"#, id: #""a""#))
        _ = try say(#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"b"}}"#)
        #expect(server.nextDeadline != nil)
        _ = try say(#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"a"}}"#)
        #expect(server.nextDeadline == nil)
        #expect(try tick(at: 100).isEmpty)
    }

    @Test mutating func modernClientsAreAskedByTheResult() throws {
        let call = #""name":"ask","arguments":{"question":"Why?"}"#
        let cannot = try #require(try say(modern("tools/call", call)).first?["result"])
        #expect(cannot["isError"] == true)
        let forms = #"{"elicitation":{"form":{}}}"#
        let asked = try #require(try say(modern("tools/call", call, capabilities: forms)).first?["result"])
        #expect(asked["resultType"] == "input_required")
        let input = try #require(asked["inputRequests"]?["answer"])
        #expect(input["method"] == "elicitation/create")
        #expect(input["params"]?["message"] == "Why?")
        for (response, text) in [
            (#"{"action":"accept","content":{"answer":"so"}}"#, "The user answered: so"),
            (#"{"action":"decline"}"#, "The user declined to answer."),
        ] {
            let again = modern(
                "tools/call", call + #","inputResponses":{"answer":\#(response)}"#, id: "2", capabilities: forms)
            let result = try #require(try say(again).first?["result"])
            #expect(result["content"]?.arrayValue?.first?["text"] == .string(text))
        }
        let broken = modern("tools/call", call + #","inputResponses":{"answer":{"action":"x"}}"#, capabilities: forms)
        #expect(try say(broken).first?["error"]?["code"] == -32602)
        let missing = modern("tools/call", call + #","inputResponses":{"other":{}}"#, capabilities: forms)
        #expect(try say(missing).first?["result"]?["resultType"] == "input_required")
    }

    @Test mutating func legacyClientsAreAskedByARequest() throws {
        _ = try openSession(capabilities: #"{"elicitation":{}}"#)
        let call =
            #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ask","arguments":{"question":"Q"}}}"#
        let question = try #require(try say(call).first)
        #expect(question["method"] == "elicitation/create")
        #expect(question["params"]?["message"] == "Q")
        let id = try #require(question["id"])
        let answer = try say(
            #"{"jsonrpc":"2.0","id":\#(id.text),"result":{"action":"accept","content":{"answer":"A"}}}"#)
        #expect(answer.first?["id"] == 1)
        #expect(answer.first?["result"]?["content"]?.arrayValue?.first?["text"] == "The user answered: A")
        #expect(try say(#"{"jsonrpc":"2.0","id":\#(id.text),"result":{"action":"cancel"}}"#).isEmpty)
    }

    @Test mutating func oldClientsCannotBeAsked() throws {
        _ = try openSession("2024-11-05", capabilities: #"{"elicitation":{}}"#)
        let call =
            #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ask","arguments":{"question":"Q"}}}"#
        #expect(try say(call).first?["result"]?["isError"] == true)
    }

    @Test mutating func resourceAndPrompt() throws {
        let list = try #require(try say(modern("resources/list")).first?["result"]?["resources"]?.arrayValue?.first)
        let uri = try #require(list["uri"]?.stringValue)
        let read = try #require(try say(modern("resources/read", #""uri":"\#(uri)""#)).first?["result"])
        #expect(read["contents"]?.arrayValue?.first?["text"]?.stringValue?.contains("`echo`") == true)
        #expect(read["cacheScope"] == "public")
        let missing = try #require(try say(modern("resources/read", #""uri":"x:y""#)).first?["error"])
        #expect(missing["code"] == -32602)
        #expect(missing["data"] == ["uri": "x:y"])
        let prompt = try #require(
            try say(modern("prompts/get", #""name":"tour","arguments":{"language":"German"}"#)).first?["result"])
        #expect(
            prompt["messages"]?.arrayValue?.first?["content"]?["text"]?.stringValue?.contains("German") == true)
        _ = try openSession()
        let legacy = try say(#"{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"x:y"}}"#)
        #expect(legacy.first?["error"]?["code"] == -32002)
    }

    @Test mutating func legacyResultsHaveNothingModern() throws {
        _ = try openSession()
        let result = try #require(try say(#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#).first?["result"])
        #expect(result.objectValue?.keys == ["tools"])
        #expect(result["tools"]?.arrayValue?.count == 6)
        #expect(try say(#"{"jsonrpc":"2.0","id":2,"method":"ping"}"#).first?["result"] == .object(JSONObject()))
    }
}
