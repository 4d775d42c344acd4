@testable import GateServer
import GateBackend
import GateProtocol
import GateTestKit
import NIOCore
import Testing

/// Every kind of question that the front end writes, held against the schema of its revision.
struct QuestionSchemaTests {
    private static let isPythonThere = (try? Products.python("new")) != nil

    private static let questions: [(StaticString, String, ClientCapabilities)] = [
        (
            MCPMethod.elicit,
            #"{"mode":"form","message":"m","requestedSchema":{"type":"object","properties":{"a":{"type":"string","oneOf":[{"const":"x","title":"X"}]},"b":{"type":"boolean"}},"required":["a"]},"_meta":{"progressToken":1}}"#,
            .elicitationForm
        ),
        (
            MCPMethod.elicit, #"{"mode":"url","message":"m","url":"https://x.example","elicitationId":"e"}"#,
            .elicitationURL
        ),
        (
            MCPMethod.sample,
            #"{"messages":[{"role":"user","content":[{"type":"text","text":"a"}]}],"maxTokens":5,"includeContext":"none"}"#,
            .sampling
        ),
        (MCPMethod.rootsList, "{}", .roots),
    ]

    @Test(.enabled(if: isPythonThere, "Scripts/test-env.sh makes the environment"))
    func allQuestionsAreValid() async throws {
        var lines: [String] = []
        func line(_ revision: String, _ method: String?, _ message: JSONValue) {
            lines.append(
                JSONValue.object(
                    JSONObject([
                        ("direction", "to_client"), ("revision", .string(revision)),
                        ("method", method.map(JSONValue.string) ?? .null), ("message", message),
                    ])
                ).text)
        }
        for (method, params, needs) in QuestionSchemaTests.questions {
            let services = FakeServices { call throws(GateError) in
                call.listener?.onEvent(.log(.info, ByteBuffer(string: #"{"level":"info","data":"d"}"#)))
                return Asking.result(try await Asking.ask(call, method, params, needs: needs))
            }
            try await FrontEndRig.with(services) { rig in
                for version in ProtocolVersion.legacy {
                    let headers = try await rig.session(version.rawValue, declaring: Asking.everything)
                    _ = try await rig.post(request("logging/setLevel", #""level":"debug""#), headers)
                    let stream = try await rig.stream(request("tools/call", id: "3", #""name":"search""#), headers)
                    line(version.rawValue, nil, try JSONValue(parsing: try await stream.next().data))
                    guard ClientCapabilities.questions.known(to: version).isSuperset(of: needs) else { continue }
                    line(version.rawValue, nil, try JSONValue(parsing: try await stream.next().data))
                    let notice = #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":3}}"#
                    _ = try await rig.post(notice, headers)
                    line(version.rawValue, nil, try JSONValue(parsing: try await stream.next().data))
                }
                line("2026-07-28", "tools/call", try await rig.call(FrontEndRig.asked()))
            }
        }
        #expect(lines.count > 20)
        let run = try await Program.run(
            try Products.python("new"), [Products.checkout + "/Tests/python/validate.py"],
            input: lines.joined(separator: "\n") + "\n")
        #expect(run.exit == .code(0), "\(run.output)\n\(run.errors)")
    }
}
