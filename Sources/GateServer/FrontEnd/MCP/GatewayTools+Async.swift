import GateBackend
import GateConfig
import GateCore
import GateProtocol
import NIOCore

/// The gateway's tools for calls that nobody has to wait for.
extension GatewayTools {
    private static let usualWait = 30_000
    private static let usualPage = 20
    private static let longestPage = 100

    /// - Returns: a JSON object as text.
    func answerAsync(
        _ tool: Name, _ given: JSONMembers, _ meta: ByteBuffer?, _ context: MCPContext
    ) async throws(GateError) -> ByteBuffer {
        let owners = context.caller(services).owners
        let calls = services.asyncCalls
        switch tool {
        case .callAsync: return try await submit(given, meta, context)
        case .calls:
            let limit = given.number("limit").flatMap { Int($0) } ?? GatewayTools.usualPage
            return try await calls.page(
                owners, status: given.string("status"), server: given.string("server"), cursor: given.string("cursor"),
                limit: min(max(limit, 1), GatewayTools.longestPage))
        case .cancel:
            let (id, text) = try called(given)
            switch try await calls.cancel(id, for: owners) {
            case .cancelled(let view)?, .tooLate(let view)?: return shown(view)
            case nil: throw GateError.noCall(text)
            }
        case .poll, .await, .call, .discover, .status:
            let (id, text) = try called(given)
            let view: AsyncCallView?
            if tool == .await {
                let milliseconds = given.number("timeout_ms").flatMap { Int($0) } ?? GatewayTools.usualWait
                let longest = services.config.limits.maxCallTimeout
                view = try await calls.wait(
                    id, for: owners, upTo: min(.milliseconds(max(0, milliseconds)), longest), orQuestion: true)
            } else {
                view = try await calls.view(id, for: owners)
            }
            guard let view else { throw GateError.noCall(text) }
            return shown(view)
        }
    }

    private func submit(
        _ given: JSONMembers, _ meta: ByteBuffer?, _ context: MCPContext
    ) async throws(GateError) -> ByteBuffer {
        let call = try call(given, meta, context)
        let view = try await services.asyncCalls.submit(
            call, owner: call.caller.owner, callback: given.string("callback_url"))
        return ByteBuffer(
            string: "{\"call_id\":\"\(view.id)\",\"submitted_at\":\"\(WallClock.text(view.record.createdAt))\","
                + "\"status\":\"\(view.status.rawValue)\"}")
    }

    private func called(_ given: JSONMembers) throws(GateError) -> (AsyncCallID, String) {
        guard let text = given.string("call_id") else {
            throw GateError(
                .invalidParams, "\"call_id\" is missing: the text that gate_call_async returned.", source: .caller)
        }
        guard let id = AsyncCallID(text) else { throw GateError.noCall(text) }
        return (id, text)
    }

    private func shown(_ view: AsyncCallView) -> ByteBuffer {
        if view.status.end != nil { services.asyncCalls.collected(view.id) }
        return CallDocument(view).text()
    }

    static let asyncDefinitions: [String] = [
        #"{"name":"gate_call_async","description":"Starts a tool of any connected server and returns a call_id at once. "#
            + #"Use it for work that takes longer than you want to wait; then gate_poll or gate_await. "#
            + #"The call survives lost connections and restarts.","#
            + #""inputSchema":{"type":"object","properties":{"#
            + #""server":{"type":"string","description":"The server that has the tool."},"#
            + #""tool":{"type":"string","description":"The tool's name at that server."},"#
            + #""arguments":{"type":"object","description":"The tool's own arguments.","additionalProperties":true},"#
            + #""callback_url":{"type":"string","description":"Told of the end, if the operator allows its host."}},"#
            + #""required":["server","tool"]},"annotations":{"title":"Start any tool"}}"#,
        #"{"name":"gate_poll","description":"Tells how a call of gate_call_async stands, with its result once it has one.","#
            + #""inputSchema":{"type":"object","properties":{"call_id":{"type":"string"}},"required":["call_id"]},"#
            + #""annotations":{"title":"State of a call","readOnlyHint":true,"openWorldHint":false}}"#,
        #"{"name":"gate_await","description":"Waits for the end of a call of gate_call_async, then tells what gate_poll tells. "#
            + #"When the time is over first, the call goes on and you can wait again.","#
            + #""inputSchema":{"type":"object","properties":{"call_id":{"type":"string"},"#
            + #""timeout_ms":{"type":"integer","minimum":0,"description":"How long to wait; 30000 when left out."}},"#
            + #""required":["call_id"]},"annotations":{"title":"Wait for a call","readOnlyHint":true,"openWorldHint":false}}"#,
        #"{"name":"gate_cancel","description":"Cancels a call of gate_call_async.","#
            + #""inputSchema":{"type":"object","properties":{"call_id":{"type":"string"}},"required":["call_id"]},"#
            + #""annotations":{"title":"Cancel a call","idempotentHint":true,"openWorldHint":false}}"#,
        #"{"name":"gate_calls","description":"Lists your calls of gate_call_async, newest first.","#
            + #""inputSchema":{"type":"object","properties":{"#
            + #""status":{"type":"string","enum":["queued","running","input_required","complete","failed","cancelled","#
            + #""outcome_unknown"]},"server":{"type":"string"},"limit":{"type":"integer","minimum":1,"maximum":100},"#
            + #""cursor":{"type":"string"}}},"#
            + #""annotations":{"title":"Your calls","readOnlyHint":true,"openWorldHint":false}}"#,
    ]
}
