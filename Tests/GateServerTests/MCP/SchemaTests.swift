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
        let python = try Products.python("new")
        let run = try await Program.run(
            python, [Products.checkout + "/Tests/python/validate.py"], input: lines.joined(separator: "\n") + "\n")
        #expect(run.exit == .code(0), "\(run.output)\n\(run.errors)")
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
