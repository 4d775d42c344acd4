@testable import GateServer
import GateBackend
import GateProtocol
import GateTestKit
import NIOCore
import Synchronization
import Testing

/// Backends that ask in the middle of their calls, and agents that can be asked.
enum Asking {
    static let form =
        #"{"mode":"form","message":"Name?","requestedSchema":{"type":"object","properties":{"name":{"type":"string"}}}}"#
    static let sampling = #"{"messages":[],"maxTokens":10}"#
    static let everything =
        #"{"elicitation":{"form":{},"url":{}},"sampling":{"tools":{},"context":{}},"roots":{"listChanged":true}}"#

    /// Asks the caller and waits: the answer's own text, or `{"error":…}`.
    static func ask(
        _ call: GatewayCall, _ method: StaticString = MCPMethod.elicit, _ params: String = form,
        needs: ClientCapabilities = .elicitationForm
    ) async throws(GateError) -> String {
        let (stream, continuation) = AsyncStream<String>.makeStream()
        let question = BackendQuestion(method: method, params: ByteBuffer(string: params), needs: needs) { answer in
            switch answer {
            case .result(let text): continuation.yield(String(buffer: text))
            case .error(let code, let message):
                continuation.yield(
                    JSONValue.object(
                        JSONObject([("error", ["code": .init(code), "message": .string(message)])])
                    ).text)
            }
            continuation.finish()
        }
        call.listener?.onEvent(.question(question))
        var answer: String?
        await withTaskCancellationHandler {
            for await text in stream { answer = text }
        } onCancel: {
            question.withdraw()
            continuation.finish()
        }
        guard let answer else {
            throw GateError(.cancelled, "The caller cancelled the call.", source: .caller, sent: true)
        }
        return answer
    }

    /// Waits for as long as nobody cancels the call.
    static func untilCancelled() async throws(GateError) -> Never {
        let (stream, continuation) = AsyncStream<Void>.makeStream()
        await withTaskCancellationHandler {
            for await _ in stream {}
        } onCancel: {
            continuation.finish()
        }
        throw GateError(.cancelled, "The caller cancelled the call.", source: .caller, sent: true)
    }

    /// A result that holds what was answered.
    static func result(_ answers: String...) -> String {
        #"{"content":[],"structuredContent":{"answers":[\#(answers.joined(separator: ","))]}}"#
    }

    /// Asks for a name and returns the answer.
    static func services() -> FakeServices {
        FakeServices { call throws(GateError) in result(try await ask(call)) }
    }
}

extension FrontEndRig {
    /// Opens a session of an agent that can be asked.
    func session(_ version: String = "2025-11-25", declaring capabilities: String) async throws -> [String: String] {
        let reply = try await post(
            request("initialize", #""protocolVersion":"\#(version)","capabilities":\#(capabilities)"#))
        return ["Mcp-Session-Id": try #require(reply["Mcp-Session-Id"]), "MCP-Protocol-Version": version]
    }

    func answer(_ id: JSONValue?, _ result: String, _ headers: [String: String]) async throws {
        let id = try #require(id)
        let reply = try await post(#"{"jsonrpc":"2.0","id":\#(id.text),"result":\#(result)}"#, headers)
        #expect(reply.status == 202)
    }

    static func declaring(_ capabilities: String, client: String = "modern", more: String = "") -> String {
        """
        "_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",\
        "io.modelcontextprotocol/clientCapabilities":\(capabilities),\
        "io.modelcontextprotocol/clientInfo":{"name":"\(client)","version":"1"}\(more)}
        """
    }

    /// A call of an agent of 2026-07-28 that can be asked.
    static func asked(
        _ params: String = "", of tool: String = "search", id: String = "1", declaring: String = Asking.everything,
        client: String = "modern", meta: String = ""
    ) -> (body: String, headers: [String: String]) {
        let params = params.isEmpty ? "" : "," + params
        let envelope = FrontEndRig.declaring(declaring, client: client, more: meta)
        return (
            #"{"jsonrpc":"2.0","id":\#(id),"method":"tools/call","params":{"name":"\#(tool)"\#(params),\#(envelope)}}"#,
            FrontEndRig.modernHeaders("tools/call", name: tool)
        )
    }

    func call(_ call: (body: String, headers: [String: String])) async throws -> JSONValue {
        let reply = try await post(call.body, call.headers)
        #expect(reply.status == 200)
        #expect(reply["Content-Type"] == "application/json")
        return try reply.json
    }

    /// Another round: the answers with the state of the interim result.
    static func round(_ interim: JSONValue, _ answers: String?) throws -> String {
        let state = interim["result"]?["requestState"]
        var parts: [String] = []
        if let answers { parts.append(#""inputResponses":\#(answers)"#) }
        if let state { parts.append(#""requestState":\#(state.text)"#) }
        return parts.joined(separator: ",")
    }
}

extension JSONValue {
    /// The answers that a backend of `Asking` was given.
    var answers: [JSONValue]? { self["result"]?["structuredContent"]?["answers"]?.arrayValue }
    var requests: JSONObject? { self["result"]?["inputRequests"]?.objectValue }
}
