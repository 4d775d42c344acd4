import GateProtocol

extension DemoTool {
    static let ask = DemoTool(
        name: "ask", title: "Ask the user",
        description: """
            Puts a question to the person who uses the client and returns the answer. Needs a client that can show a form \
            (the MCP capability "elicitation").
            """,
        properties: [("question", ["type": "string", "description": "The question, in one sentence."])],
        required: ["question"], isIdempotent: false
    ) { arguments, _ throws(ToolMistake) in
        let question = try arguments.text("question")
        guard !question.isEmpty else { throw ToolMistake("\"question\" must not be empty.") }
        return .ask(question)
    }
}

/// A call that waits for its user's answer.
struct Question: Sendable {
    let request: Request
}

extension DemoServer {
    /// The key of the one input that a modern client is asked for.
    private static let inputKey = "answer"

    mutating func ask(_ question: String, _ message: Message, _ request: Request) -> [UInt8] {
        guard request.canAskUser else {
            let text = """
                This client cannot put questions to its user: it did not declare the capability "elicitation". Ask the user \
                yourself, in your own words: \(question)
                """
            return request.reply(ToolResult.failure(text).object)
        }
        var form = JSONObject([
            ("message", .string(question)),
            (
                "requestedSchema",
                [
                    "type": "object",
                    "properties": ["answer": ["type": "string", "title": "Answer"]],
                    "required": ["answer"],
                ]
            ),
        ])
        guard request.isModern else {
            let id = nextQuestionID()
            questions[id] = Question(request: request)
            return Reply.request(id: id, MCPMethod.elicit, .object(form))
        }
        // The modern way: the call ends with the wish for input, and comes again with it.
        if let responses = message.params["inputResponses"] {
            guard responses.objectValue != nil else {
                return request.error(RPCCode.invalidParams, "params.inputResponses must be an object.")
            }
            if let response = responses[Self.inputKey] { return Self.finish(request, response) }
        }
        form["mode"] = "form"
        let input: JSONValue = ["method": .string(MCPMethod.elicit.description), "params": .object(form)]
        return request.reply(JSONObject([("inputRequests", [Self.inputKey: input])]), type: "input_required")
    }

    /// Takes the answer of a legacy client to one of our questions.
    mutating func userAnswered(_ message: Message) -> [[UInt8]] {
        guard let question = questions.removeValue(forKey: message.id) else { return [] }
        guard let result = message.result else {
            let failure = ToolResult.failure("The client could not put the question to its user.")
            return [question.request.reply(failure.object)]
        }
        return [Self.finish(question.request, result)]
    }

    private static func finish(_ request: Request, _ response: JSONValue) -> [UInt8] {
        switch response["action"]?.stringValue {
        case "accept":
            guard let answer = response["content"]?["answer"]?.stringValue else {
                return request.error(RPCCode.invalidParams, "The user's input lacks the string \"answer\".")
            }
            return request.reply(ToolResult(text: "The user answered: \(answer)").object)
        case "decline": return request.reply(ToolResult(text: "The user declined to answer.").object)
        case "cancel": return request.reply(ToolResult(text: "The user closed the question without an answer.").object)
        default:
            return request.error(
                RPCCode.invalidParams, "The user's input needs an \"action\": accept, decline or cancel.")
        }
    }
}
