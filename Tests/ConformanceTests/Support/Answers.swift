import GateProtocol

/// What every agent of the suite answers when it is asked. The question says what it wants to hear.
enum Answers {
    enum Answer: Sendable {
        case result(JSONValue)
        case error(JSONValue)
        case none
    }

    static func answer(_ method: String, _ params: JSONValue, agent: String) -> Answer {
        switch method {
        case "ping": return .result([:])
        case "roots/list": return .result(["roots": [["uri": .string("file:///\(agent)"), "name": .string(agent)]]])
        case "sampling/createMessage": return .result(sampled(params, agent))
        case "elicitation/create": return elicited(params, agent)
        default: return .error(["code": -32601, "message": "Method not found"])
        }
    }

    private static func elicited(_ params: JSONValue, _ agent: String) -> Answer {
        let message = params["message"]?.stringValue ?? ""
        for action in ["decline", "cancel"] where message.hasPrefix(action) {
            return .result(["action": .string(action)])
        }
        if message.hasPrefix("error") { return .error(["code": -1, "message": "the person is gone"]) }
        if message.hasPrefix("silent") { return .none }
        if params["mode"] == "url" { return .result(["action": "accept"]) }
        let name = params.at("requestedSchema", "properties")?.keys.first ?? "name"
        let value: JSONValue = name == "pick" ? "b" : name == "many" ? ["x"] : .string("\(agent): \(message)")
        return .result(["action": "accept", "content": .object(JSONObject([(name, value)]))])
    }

    private static func sampled(_ params: JSONValue, _ agent: String) -> JSONValue {
        let text = params["messages"]?.arrayValue?.last?.at("content", "text")?.stringValue ?? ""
        guard params["tools"] == nil else {
            let use: JSONValue = ["type": "tool_use", "id": "u1", "name": "look", "input": ["n": .number("1.0")]]
            return ["role": "assistant", "content": [use], "model": "m", "stopReason": "toolUse"]
        }
        return [
            "role": "assistant", "content": ["type": "text", "text": .string("\(agent) says: \(text)")], "model": "m",
            "stopReason": "endTurn",
        ]
    }
}
