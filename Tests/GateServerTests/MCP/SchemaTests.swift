import GateBackend
import GateProtocol
import GateServer
import GateTestKit
import NIOCore
import Testing

/// Every kind of message that the front end writes, held against the schema of its revision.
struct SchemaTests {
    private static let isPythonThere = (try? Products.python("new")) != nil

    private static func line(_ revision: String, _ method: String?, _ message: String) throws -> String {
        let message = try JSONValue(parsing: message)
        return JSONValue.object(
            JSONObject([
                ("direction", "to_client"), ("revision", .string(revision)),
                ("method", method.map(JSONValue.string) ?? .null), ("message", message),
            ])
        ).text
    }

    @Test(.enabled(if: isPythonThere, "Scripts/test-env.sh makes the environment"))
    func allMessagesAreValid() async throws {
        let services = FakeServices { call throws(GateError) in
            call.listener?.onEvent(.progress(ByteBuffer(string: #""progress":1,"total":2"#)))
            if call.target.tool == "query" {
                throw GateError(.timeout, "Server 'db' did not answer in time.", server: "db", sent: true)
            }
            return #"{"resultType":"complete","content":[{"type":"text","text":"3"}],"structuredContent":{"n":3}}"#
        }
        var lines: [String] = []
        try await FrontEndRig.with(services) { rig in
            for version in ProtocolVersion.legacy.map(\.rawValue) {
                let opening = request(
                    "initialize", #""protocolVersion":"\#(version)","capabilities":{}"#)
                lines.append(try SchemaTests.line(version, "initialize", try await rig.post(opening).text))
                let headers = try await rig.session(version)
                for (method, params) in SchemaTests.calls {
                    lines.append(
                        try SchemaTests.line(version, method, try await rig.post(request(method, params), headers).text)
                    )
                }
                let stream = try await rig.get(headers)
                services.set(tools: FakeServices.standard)
                lines.append(try SchemaTests.line(version, nil, try await stream.next().data))
                let call = try await rig.stream(
                    request("tools/call", #""name":"search","_meta":{"progressToken":1}"#), headers)
                lines.append(try SchemaTests.line(version, nil, try await call.next().data))
                lines.append(try SchemaTests.line(version, "tools/call", try await call.next().data))
            }
            try await SchemaTests.modern(rig, services, &lines)
        }
        try await SchemaTests.tasks(&lines)
        let python = try Products.python("new")
        let run = try await Program.run(
            python, [Products.checkout + "/Tests/python/validate.py"], input: lines.joined(separator: "\n") + "\n")
        #expect(run.exit == .code(0), "\(run.output)\n\(run.errors)")
    }

    /// Tasks in all their states.
    private static func tasks(_ lines: inout [String]) async throws {
        let hold = Hold()
        let services = FakeServices { call throws(GateError) in
            if call.target.tool == "query" {
                throw GateError(
                    .backendError, "no", source: .backend, server: "db", sent: true,
                    detail: Array(#"{"code":-32602,"message":"no"}"#.utf8))
            }
            call.listener?.onEvent(.progress(ByteBuffer(string: #""progress":1,"total":2"#)))
            await hold.wait()
            return #"{"content":[{"type":"text","text":"3"}],"_meta":{"own":1}}"#
        }
        var options = MCPOptions()
        options.taskAfter = .milliseconds(1)
        try await FrontEndRig.with(services, options: options) { rig in
            let old = "2025-11-25"
            let headers = try await rig.session(old)
            let stream = try await rig.get(headers)
            let task = #""task":{"ttl":60000},"_meta":{"progressToken":"p"}"#
            let created = try await rig.post(request("tools/call", #""name":"search",\#(task)"#), headers)
            lines.append(try line(old, "tools/call", created.text))
            let id = try #require(try created.json["result"]?["task"]?["taskId"]?.stringValue)
            let modern = try await rig.post(
                FrontEndRig.tasked("tools/call", #""name":"search""#),
                FrontEndRig.modernHeaders("tools/call", name: "search"))
            lines.append(try line("2026-07-28", "tools/call", modern.text))
            let other = try #require(try modern.json["result"]?["taskId"]?.stringValue)
            let named = #""taskId":"\#(id)""#
            lines.append(try line(old, "tasks/get", try await rig.post(request("tasks/get", named), headers).text))
            let subscription = try await rig.stream(
                FrontEndRig.tasked("subscriptions/listen", #""notifications":{"taskIds":["\#(other)"]}"#),
                FrontEndRig.modernHeaders("subscriptions/listen"))
            _ = try await subscription.next()
            hold.open()
            lines.append(
                try line(old, "tasks/result", try await rig.post(request("tasks/result", named), headers).text))
            let done = try await rig.ended(other)
            #expect(done["status"] == "completed")
            lines.append(try line("2026-07-28", nil, try await subscription.next().data))
            for tool in ["query", "search"] {
                let again = try await rig.tasked(
                    "tools/call", name: tool, #""name":"\#(tool)""#, meta: #""stonegate/task":true,"#)
                let task = try #require(again["result"]?["taskId"]?.stringValue)
                _ = try await rig.ended(task)
                for (method, params) in [
                    ("tasks/get", ""), ("tasks/update", #","inputResponses":{}"#), ("tasks/cancel", ""),
                ] {
                    let reply = try await rig.tasked(method, name: task, #""taskId":"\#(task)"\#(params)"#)
                    lines.append(try line("2026-07-28", method, reply.text))
                }
            }
            for (method, params) in [("tasks/list", ""), ("tasks/get", named), ("tasks/cancel", named)] {
                lines.append(try line(old, method, try await rig.post(request(method, params), headers).text))
            }
            // What the session was told meanwhile: states and progress.
            var told: Set<String> = []
            while told.count < 2 {
                let data = try await stream.next().data
                guard !data.isEmpty else { continue }
                lines.append(try line(old, nil, data))
                told.insert(try JSONValue(parsing: data)["method"]?.stringValue ?? "")
            }
            #expect(told == ["notifications/tasks/status", "notifications/progress"])
        }
    }

    private static let calls = [
        ("ping", ""), ("tools/list", ""), ("tools/call", #""name":"search""#), ("tools/call", #""name":"query""#),
        ("tools/call", #""name":"gate_discover""#), ("tools/call", #""name":"gate_status""#),
        ("tools/call", #""name":"nothing""#),
        ("tools/call", #""name":"gate_call","arguments":{"server":"web","tool":"search"}"#),
    ]

    private static func modern(_ rig: FrontEndRig, _ services: FakeServices, _ lines: inout [String]) async throws {
        let version = "2026-07-28"
        lines.append(try line(version, "server/discover", try await rig.modern("server/discover").text))
        lines.append(try line(version, nil, try await rig.modern("nonsense").text))
        for (method, params) in calls.dropFirst() {
            let name = params.split(separator: "\"").dropFirst(2).first.map(String.init)
            lines.append(try line(version, method, try await rig.modern(method, name: name, params).text))
        }
        let stream = try await rig.stream(
            FrontEndRig.modern("subscriptions/listen", #""notifications":{"toolsListChanged":true}"#),
            FrontEndRig.modernHeaders("subscriptions/listen"))
        lines.append(try line(version, nil, try await stream.next().data))
        services.set(tools: FakeServices.standard)
        lines.append(try line(version, nil, try await stream.next().data))
        rig.frontEnd.shutdown()
        lines.append(try line(version, "subscriptions/listen", try await stream.next().data))
    }
}
