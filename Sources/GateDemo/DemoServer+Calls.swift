import GateProtocol

extension DemoServer {
    mutating func call(_ message: Message, _ request: Request, now: DemoTime) -> [[UInt8]] {
        guard let name = message.params["name"]?.stringValue else {
            return [request.error(RPCCode.invalidParams, "params.name must be the name of a tool.")]
        }
        guard let tool = DemoTool.named(name) else {
            let known = DemoTool.all.map(\.name).joined(separator: ", ")
            return [request.error(RPCCode.invalidParams, "Unknown tool: \(name). There are: \(known).")]
        }
        let given = message.params["arguments"] ?? .object(JSONObject())
        guard let object = given.objectValue else {
            return [request.error(RPCCode.invalidParams, "params.arguments must be an object.")]
        }
        do throws(ToolMistake) {
            let arguments = ToolArguments(object)
            try arguments.refuseUnknown(known: tool.parameters)
            switch try tool.run(arguments, now) {
            case .finished(let result): return [request.reply(result.object)]
            case .slow(let seconds, let steps):
                guard slowCalls[request.id] == nil else {
                    return [request.error(RPCCode.invalidRequest, "This id belongs to a call that is still running.")]
                }
                slowCalls[request.id] = SlowCall(request, seconds: seconds, steps: steps, from: now.uptime)
                return tick(now: now)
            case .ask(let question): return [ask(question, message, request)]
            }
        } catch {
            // A model can correct its arguments only if it gets to see what was wrong: a failed result, not an error.
            return [request.reply(ToolResult.failure(error.message).object)]
        }
    }
}
