/// The tool that asks before it answers, in the way of the era.
extension Server {
    /// One kind of question: what it needs, and how it reads.
    private struct Question {
        var capability: String
        var method: String
        var params: JSON

        init(_ call: Call) {
            let message = call.arguments["message"] ?? "What is your answer?"
            switch call.arguments["kind"]?.text {
            case "url":
                capability = "elicitation"
                method = "elicitation/create"
                params = ["mode": "url", "message": message, "url": "https://example.com/ask", "elicitationId": "e1"]
            case "sampling":
                capability = "sampling"
                method = "sampling/createMessage"
                params = [
                    "messages": [["role": "user", "content": ["type": "text", "text": message]]], "maxTokens": 10,
                ]
            case "roots":
                capability = "roots"
                method = "roots/list"
                params = [:]
            default:
                capability = "elicitation"
                method = "elicitation/create"
                let schema: JSON = [
                    "type": "object", "properties": ["answer": ["type": "string"]], "required": ["answer"],
                ]
                params = ["message": message, "requestedSchema": schema]
                if call.isModern { params = params.with("mode", "form") }
            }
        }
    }

    private static let place = "answer"
    private static let state: JSON = "fakemcp:ask:1"

    func ask(_ call: Call) {
        let question = Question(call)
        guard call.session.capabilities[question.capability] != nil else {
            running.removeAll { $0 === call }
            return call.isModern
                ? call.exchange.finish(
                    error(
                        id: call.id, code: -32021, "the client cannot be asked",
                        data: [
                            "requiredCapabilities": .object([JSON.Member(key: question.capability, value: [:])])
                        ]))
                : call.exchange.finish(
                    reply(id: call.id, text("the client cannot be asked").with("isError", true), call.session))
        }
        if call.isModern { return askAgain(call, question) }
        let id = call.session.ask(
            question.method, question.params,
            over: { message in
                // The server's own stream says nothing of the call.
                if call.arguments["over"]?.text == "stream", let stream = call.session.stream {
                    stream(message)
                } else {
                    call.exchange.notify(message)
                }
            },
            answer: { [unowned self, unowned call] in told(call, $0["result"] ?? $0["error"] ?? .null) })
        guard call.arguments["withdraw"] != nil else { return }
        call.exchange.notify([
            "jsonrpc": "2.0", "method": "notifications/cancelled",
            "params": ["requestId": JSON(id), "reason": "never mind"],
        ])
        answer(call, text("never mind"))
    }

    private func askAgain(_ call: Call, _ question: Question) {
        if let answer = call.params["inputResponses"]?[Server.place] {
            guard call.params["requestState"] == Server.state else {
                running.removeAll { $0 === call }
                return call.exchange.finish(
                    error(id: call.id, code: -32602, "requestState is not the one that was given"))
            }
            return told(call, answer)
        }
        running.removeAll { $0 === call }
        let request: JSON = ["method": .string(question.method), "params": question.params]
        call.exchange.finish(
            reply(
                id: call.id,
                [
                    "resultType": "input_required", "requestState": Server.state,
                    "inputRequests": .object([JSON.Member(key: Server.place, value: request)]),
                ], call.session))
    }

    private func told(_ call: Call, _ reply: JSON) {
        guard running.contains(where: { $0 === call }) else { return }
        record(call)
        answer(call, text(said(reply)))
    }

    private func said(_ reply: JSON) -> String {
        if let action = reply["action"]?.text { return "\(action): \(reply["content"]?["answer"]?.text ?? "")" }
        if let answer = reply["content"]?["text"]?.text { return "sampled: \(answer)" }
        if let roots = reply["roots"] { return "roots: \(roots.source)" }
        return "error: \(reply["message"]?.text ?? "")"
    }
}
