import Testing

@testable import GateConfig

@Suite struct BackendConfigJSONTests {
    private func problems(_ json: String) -> [String] {
        do throws(ConfigProblems) {
            _ = try BackendConfig.validated(json: json.utf8)
            return []
        } catch {
            return error.problems.map(\.description)
        }
    }

    @Test func readsBothTransports() throws {
        let local = try BackendConfig.validated(
            json: #"{"name":"a","command":"npx","args":["-y","${X}"],"env":{"K":"v\u00e9\ud834\udd1e"},"url":null}"#
                .utf8)
        #expect(
            local
                == BackendConfig(
                    name: "a",
                    connection: .stdio(.init(command: "npx", args: ["-y", "${X}"], env: ["K": Secret("vé𝄞")]))))
        let remote = try BackendConfig.validated(
            json: #"{"name":"b","transport":"http","url":"http://x/mcp","args":[],"env":{},"headers":{"X":"y"}}"#.utf8)
        #expect(
            remote
                == BackendConfig(
                    name: "b",
                    connection: .http(.init(url: try BackendURL("http://x/mcp"), headers: ["X": Secret("y")]))))
    }

    @Test func writesWhatItReads() throws {
        let json =
            #"{"name":"a","transport":"stdio","command":"/x","args":["\"\n"],"env":{"K":"s"},"cwd":"/d","#
            + #""request_timeout":9,"protocol":"modern","tools":{"allow":["*"],"deny":[]},"#
            + #""resources":{"allow":["file:*"],"deny":[]},"prompts":{"allow":[],"deny":["x"]},"enabled":false,"#
            + #""auto_restart":false,"health_check":true,"isolation":"per_agent","start":"lazy","instances":1,"#
            + #""max_instances":3,"warm_spares":0,"idle_timeout":7,"trust_annotations":true,"#
            + #""questions":"one_at_a_time","roots":["file:///a%20b"],"max_in_flight":5,"#
            + #""max_queue":6,"circuit_breaker":{"failure_threshold":2,"reset_timeout":1,"success_threshold":4}}"#
        let backend = try BackendConfig.validated(json: json.utf8)
        #expect(backend.json(secrets: .exposed) == json)
        #expect(try BackendConfig.validated(json: backend.json(secrets: .exposed).utf8) == backend)
        #expect(backend.json(secrets: .hidden).contains(#""env":{"K":"***"}"#))
    }

    @Test(arguments: [
        Case(#"{}"#, "has no 'name'; every backend needs one", "has no 'command', which transport \"stdio\" needs"),
        Case(#"{"name":1,"command":"x"}"#, "name: must be a string, not a whole number"),
        Case(
            #"{"name":"a","command":"x","colour":1}"#,
            "colour: unknown key; known here: " + BackendReader.keys.joined(separator: ", ")),
        Case(#"{"name":"a","command":"bin/x"}"#, "command: must be an absolute path"),
        Case(#"{"name":"a","command":"x","cwd":"d"}"#, "cwd: must be an absolute path"),
        Case(
            #"{"name":"a","command":"~/x"}"#,
            "command: uses '~', but HOME is not set to an absolute path; write the absolute path"),
        Case(#"{"name":"a","command":"x\u0000"}"#, "command: must not hold control characters"),
        Case(#"{"name":"a","command":"x","args":["\u0000"]}"#, "args[0]: must not hold the character U+0000"),
        Case(#"{"name":"a","command":"x","env":{"A":"\u0000"}}"#, "env.A: must not hold the character U+0000"),
        Case(#"{"name":"gate_x","command":"x"}"#, "name: \"gate_x\" is reserved for the gateway; choose another name"),
        Case(
            #"{"name":"a","command":"x","isolation":"per_agent","instances":2}"#,
            "instances: has no meaning with isolation \"per_agent\", which makes instances as they are needed; "
                + "remove it, or bound them with 'max_instances'"),
        Case(#"{"name":"a","command":"x","max_in_flight":0}"#, "max_in_flight: must be from 1 to 1000000, not 0"),
        Case(
            #"{"name":"a","command":"x","circuit_breaker":{"threshold":2}}"#,
            "circuit_breaker.threshold: unknown key; known here: failure_threshold, reset_timeout, success_threshold"),
        Case(
            #"{"name":"a","command":"x","circuit_breaker":3}"#,
            "circuit_breaker: must be a table { failure_threshold = …, reset_timeout = …, success_threshold = … }, "
                + "not a whole number"),
        Case(#"{"name":"a","url":"x"}"#, "url: must begin with http:// or https://"),
        Case(
            #"{"name":"a","name":"b","command":"x"}"#,
            "the body is no valid JSON: the key \"name\" occurs twice (byte 18)"),
        Case("[]", "the body must be a JSON object"),
        Case(#"{"name":"a",}"#, "the body is no valid JSON: expected a key in quotes (byte 12)"),
        Case(#"{"a":9223372036854775808}"#, "the body is no valid JSON: a whole number is too large (byte 24)"),
        Case("", "the body is no valid JSON: the text ends where a value should begin (byte 0)"),
        Case("\u{FEFF}{}", "the body is no valid JSON: unexpected text (byte 0)"),
        Case(#"{"a":"\ud800"}"#, "the body is no valid JSON: a string holds half a surrogate pair (byte 12)"),
        Case(#"{"a":01}"#, "the body is no valid JSON: expected ',' or '}' (byte 6)"),
        Case("{\"a\":\"\n\"}", "the body is no valid JSON: a string holds a bare control character (byte 7)"),
    ])
    func problem(_ test: Case) {
        #expect(problems(test.text) == test.expected)
    }

    @Test(arguments: [
        "LD_PRELOAD", "ld_audit", "DYLD_X", "BASH_ENV", "ENV", "NODE_OPTIONS", "PYTHONPATH", "PERL5LIB", "RUBYOPT",
        "GIT_SSH_COMMAND", "IFS", "PATH",
    ])
    func requestsMaySetNoVariableThatRunsCode(_ name: String) throws {
        let found = problems(#"{"name":"a","command":"x","env":{"\#(name)":"v"}}"#)
        #expect(found.count == 1)
        #expect(found.first?.utf8.starts(with: "env.\(name): may not be set by a request".utf8) == true)
        _ = try load("[[backends]]\nname=\"a\"\ncommand=\"x\"\nenv.\(name) = \"v\"")
    }

    @Test func deepAndLargeBodies() {
        for depth in [17, 510, 100_000] {
            #expect(
                problems(String(repeating: "[", count: depth)).first?.contains("nested deeper than 16 levels") == true)
        }
        #expect(problems(String(repeating: " ", count: 256 * 1_024 + 1)) == ["the body is larger than 256 KiB"])
        #expect((try? BackendConfig.validated(json: [0xFF])) == nil)
    }
}
