import Dispatch
import GateBackend
import GateProtocol
import GateTestKit
import NIOCore
import Testing

@testable import GateServer

@Suite struct RESTCallTests {
    @Test func argumentsAndResultPassUntouched() async throws {
        let arguments = #"{ "n":1.10,"big":9007199254740993, "e":1E+2,"z":-0,"s":"\u00e9\/é","deep":{"b":1,"a":2} }"#
        let result =
            #"{ "structuredContent":{"n":1.10,"big":9007199254740993} ,"content":[{"type":"text","text":"\u00e9"}]}"#
        try await RESTRig.with(ScriptedServices { _ in result }) { (rig) async throws in
            let reply = try await rig.post(
                "/call", #"{"server":"alpha","tool":"echo","arguments":\#(arguments)}"#,
                headers: [("X-Stonegate-Agent", "tester")])
            #expect(reply.status == 200)
            #expect(reply["Content-Type"] == "application/json")
            #expect(
                reply.text
                    == #"{"result":\#(result),"server":"alpha","tool":"echo","duration_ms":1.5,"correlation_id":"run-1"}"#
            )
            let call = try #require(rig.services.calls.all.first)
            #expect(call.arguments.map { String(buffer: $0) } == arguments)
            #expect(call.target == ToolTarget(server: "alpha", tool: "echo"))
            #expect(call.caller.agent == "tester")
            #expect(call.caller.source == .rest)
            #expect(call.timeout == nil)
        }
    }

    /// Over REST nobody can be asked: forms count as cancelled, and what only asks to be called again is.
    @Test func furtherRoundsAreMadeWithoutTheCaller() async throws {
        let services = ScriptedServices { call in
            guard let round = call.round else {
                return
                    #"{"resultType":"input_required","inputRequests":{"q":{"method":"elicitation/create"}},"requestState":"s"}"#
            }
            return #"{"structuredContent":\#(round.responses.map { String(buffer: $0) } ?? "null")}"#
        }
        try await RESTRig.with(services) { (rig) async throws in
            let reply = try await rig.post("/call", #"{"tool":"weather"}"#)
            #expect(
                reply.text.hasPrefix(#"{"result":{"structuredContent":{"q":{"action":"cancel"}}}"#), "\(reply.text)")
        }
    }

    @Test func argumentsMayBeLeftOut() async throws {
        try await RESTRig.with { (rig) async throws in
            for body in [#"{"tool":"echo"}"#, #"{"tool":"echo","arguments":null,"server":null}"#] {
                let reply = try await rig.post("/call", body)
                #expect(reply.status == 200)
            }
            #expect(rig.services.calls.all.allSatisfy { $0.arguments == nil && $0.caller.agent == "anonymous" })
        }
    }

    @Test func aToolIsFoundByEachOfItsNames() async throws {
        try await RESTRig.with { (rig) async throws in
            let table: [(String, String)] = [
                (#"{"tool":"weather"}"#, "beta/weather"), (#"{"tool":"beta/echo"}"#, "beta/echo"),
                (#"{"tool":"beta_echo"}"#, "beta/echo"), (#"{"server":"beta","tool":"echo"}"#, "beta/echo"),
                (#"{"server":"beta","tool":"beta_echo"}"#, "beta/echo"), (#"{"tool":"echo"}"#, "alpha/echo"),
                (#"{"server":"alpha","tool":"read.file"}"#, "alpha/read.file"),
                (#"{"tool":"\u0065cho"}"#, "alpha/echo"),
            ]
            for (body, expected) in table {
                let reply = try await rig.post("/call", body)
                #expect(reply.status == 200, "\(body)")
                #expect(rig.services.calls.all.last.map { "\($0.target.server)/\($0.target.tool)" } == expected)
            }
        }
    }

    @Test func aNameOfSeveralToolsIsAmbiguous() async throws {
        try await RESTRig.with { (rig) async throws in
            let reply = try await rig.post("/call", #"{"tool":"read.file"}"#)
            #expect(reply.status == 409)
            #expect(reply.code == "AMBIGUOUS_TOOL")
            #expect(reply.message.contains("alpha/read.file, beta/read.file"))
            // Among the servers that the caller sees there is only one.
            #expect(try await rig.post("/call?servers=beta", #"{"tool":"read.file"}"#).status == 200)
        }
    }

    /// A body and what it gets: status and code.
    private static let refusals: [(String, Int, String)] = [
        ("", 400, "INVALID_JSON"), ("null", 400, "INVALID_JSON"), ("[]", 400, "INVALID_JSON"),
        ("{", 400, "INVALID_JSON"), (#"{"tool":"echo"} x"#, 400, "INVALID_JSON"),
        (#"{"tool":"echo",}"#, 400, "INVALID_JSON"), ("\u{FEFF}{\"tool\":\"echo\"}", 400, "INVALID_JSON"),
        (#"{"tool":"echo","tool":"add"}"#, 400, "INVALID_JSON"),
        (#"{"tool":"echo","\u0074ool":"add"}"#, 400, "INVALID_JSON"),
        (#"{"tool":"echo","arguments":{},"arguments":{}}"#, 400, "INVALID_JSON"),
        (#"{"tool":"echo","arguments":{"a":01}}"#, 400, "INVALID_JSON"),
        (#"{"tool":"echo","arguments":{"a":NaN}}"#, 400, "INVALID_JSON"),
        ("{}", 400, "BAD_REQUEST"), (#"{"tool":null}"#, 400, "BAD_REQUEST"), (#"{"tool":1}"#, 400, "BAD_REQUEST"),
        (#"{"tool":["echo"]}"#, 400, "BAD_REQUEST"), (#"{"Tool":"echo"}"#, 400, "BAD_REQUEST"),
        (#"{"tool":"echo","args":{}}"#, 400, "BAD_REQUEST"), (#"{"tool":"echo","name":"x"}"#, 400, "BAD_REQUEST"),
        (#"{"\u0074ool":"echo"}"#, 400, "BAD_REQUEST"),
        (#"{"tool":"echo","arguments":[]}"#, 400, "BAD_REQUEST"),
        (#"{"tool":"echo","arguments":"{}"}"#, 400, "BAD_REQUEST"),
        (#"{"tool":"echo","arguments":1}"#, 400, "BAD_REQUEST"), (#"{"tool":"echo","server":1}"#, 400, "BAD_REQUEST"),
        (#"{"tool":"nothing"}"#, 404, "TOOL_NOT_FOUND"), (#"{"tool":""}"#, 404, "TOOL_NOT_FOUND"),
        (#"{"tool":"Echo"}"#, 404, "TOOL_NOT_FOUND"), (#"{"tool":"echo\u0000"}"#, 404, "TOOL_NOT_FOUND"),
        (#"{"tool":"echo ","server":"alpha"}"#, 404, "TOOL_NOT_FOUND"),
        (#"{"tool":"echo","server":"nothing"}"#, 404, "SERVER_NOT_FOUND"),
        (#"{"tool":"echo","server":"Alpha"}"#, 404, "SERVER_NOT_FOUND"),
        (#"{"tool":"weather","server":"alpha"}"#, 404, "TOOL_NOT_FOUND"),
    ]

    @Test func whatIsNoCallIsRefusedWithTheWholeError() async throws {
        try await RESTRig.with { (rig) async throws in
            for (body, status, code) in RESTCallTests.refusals {
                let reply = try await rig.post("/call", body)
                #expect(reply.status == status, "\(body)")
                #expect(reply.code == code, "\(body)")
                try expectWholeError(reply)
            }
            #expect(rig.isUntouched)
        }
    }

    @Test func bombsAreRefused() async throws {
        try await RESTRig.with { (rig) async throws in
            let nested = String(repeating: "[", count: 100_000)
            let brackets = String(repeating: "[", count: 70) + String(repeating: "]", count: 70)
            let many = "[" + String(repeating: #"{"a":1},"#, count: 150_000) + "1]"
            for value in [nested, brackets, many] {
                let reply = try await rig.post("/call", #"{"tool":"echo","arguments":{"a":\#(value)}}"#)
                #expect(reply.status == 400)
                #expect(reply.code == "INVALID_JSON")
                #expect(reply.body.count < 1_000)
            }
            // What the caller sent is not sent back at length.
            let long = String(repeating: "x", count: 1_000_000)
            for body in [#"{"\#(long)":1}"#, #"{"tool":"\#(long)"}"#, #"{"server":"\#(long)","tool":"echo"}"#] {
                let reply = try await rig.post("/call", body)
                #expect(reply.status == 400)
                #expect(reply.body.count < 2_000)
            }
            #expect(rig.isUntouched)
        }
    }

    @Test func aBodyBeyondTheLimitIsRefused() async throws {
        try await RESTRig.with { (rig) async throws in
            let reply = try await rig.send(
                "POST", "/call", headers: [("Content-Type", "application/json"), ("Content-Length", "100000000")])
            #expect(reply.status == 413)
            #expect(reply.code == "PAYLOAD_TOO_LARGE")
            try expectWholeError(reply)
        }
    }

    @Test func aBackendsFailureIsTold() async throws {
        let services = ScriptedServices { call throws(GateError) in
            throw GateError(
                .overloaded, "Server 'alpha' has 64 calls waiting. Try again in 3 s.", source: .backend,
                server: "alpha",
                tool: call.target.tool, retryAfter: 3, correlationID: "run-9", detail: Array(#"{"code":-1}"#.utf8))
        }
        try await RESTRig.with(services) { (rig) async throws in
            let reply = try await rig.post("/call", #"{"tool":"echo"}"#)
            #expect(reply.status == 503)
            #expect(reply["Retry-After"] == "3")
            #expect(reply["X-Correlation-Id"] == "run-9")
            #expect(
                try reply.json == [
                    "error": "Server 'alpha' has 64 calls waiting. Try again in 3 s.", "code": "OVERLOADED",
                    "source": "backend", "sent": false, "retryable": true, "server": "alpha", "tool": "echo",
                    "retry_after": 3, "correlation_id": "run-9", "detail": ["code": -1],
                ])
        }
    }

    @Test func aSentCallIsNeverRetryable() async throws {
        let services = ScriptedServices { _ throws(GateError) in
            throw GateError(.backendDown, "It died.", source: .backend, sent: true)
        }
        try await RESTRig.with(services) { (rig) async throws in
            let reply = try await rig.post("/call", #"{"tool":"echo"}"#)
            #expect(try reply.json["sent"] == true)
            #expect(try reply.json["retryable"] == false)
            try expectWholeError(reply)
        }
    }

    @Test func aFailedToolIsAnAnswer() async throws {
        let services = ScriptedServices { _ in #"{"content":[],"isError":true}"# }
        try await RESTRig.with(services) { (rig) async throws in
            let reply = try await rig.post("/call", #"{"tool":"echo"}"#)
            #expect(reply.status == 200)
            #expect(try reply.json["is_error"] == true)
        }
    }

    @Test func theCallerMaySetATimeout() async throws {
        try await RESTRig.with { (rig) async throws in
            let body = #"{"tool":"echo"}"#
            #expect(try await rig.post("/call", body, headers: [("X-Stonegate-Timeout", "1500")]).status == 200)
            #expect(rig.services.calls.all.first?.timeout == .milliseconds(1_500))
            for value in ["0", "-1", "x", "", "1.5", "86400001", "9223372036854775808"] {
                let reply = try await rig.post("/call", body, headers: [("X-Stonegate-Timeout", value)])
                #expect(reply.status == 400, "\(value)")
            }
            #expect(rig.services.calls.all.count == 1)
        }
    }

    @Test func aClientThatGoesAwayCancelsItsCall() async throws {
        let events = Journal<String>(name: "events")
        let never = AsyncStream<Void>.makeStream()
        let services = ScriptedServices { _ throws(GateError) in
            events.append("called")
            // Ends when the task is cancelled.
            for await _ in never.stream {}
            events.append(Task.isCancelled ? "cancelled" : "ended")
            throw GateError(.cancelled, "The caller went away.", source: .caller, sent: true)
        }
        try await RESTRig.with(services) { (rig) async throws in
            let port = rig.port
            let leave = DispatchSemaphore(value: 0)
            async let client: Void = offPool {
                let connection = try RawConnection(port: port)
                try connection.send(
                    "POST /call HTTP/1.1\r\nHost: \(RESTRig.ownHost)\r\nContent-Type: application/json\r\n"
                        + "Content-Length: 15\r\n\r\n{\"tool\":\"echo\"}")
                _ = leave.wait(timeout: .now() + 20)
                connection.close()
            }
            _ = try await events.first { $0 == "called" }
            leave.signal()
            try await client
            let next = try await events.first { $0 != "called" }
            #expect(next.element == "cancelled")
        }
        never.continuation.finish()
    }

    private func expectWholeError(_ reply: HTTPReply) throws {
        let json = try reply.json
        let faults = SchemaCheck.faults(of: json, against: Schemas.error)
        #expect(faults == [], "\(reply.text)")
        #expect(reply["X-Correlation-Id"] == json["correlation_id"]?.stringValue, "\(reply.text)")
        #expect(reply["Content-Type"] == "application/json")
    }
}
