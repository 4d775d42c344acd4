import GateProtocol

/// The one prompt: a tour of the tools.
enum DemoPrompt {
    static let definition: JSONValue = [
        "name": "tour", "title": "Tour of the demo server",
        "description": "Leads a model through the tools of the demo server.",
        "arguments": [
            [
                "name": "language", "description": "The language to report in, for example German. Left out: English.",
                "required": false,
            ]
        ],
    ]

    static func get(_ params: JSONValue, _ request: Request) -> [UInt8] {
        guard params["name"]?.stringValue == "tour" else {
            return request.error(RPCCode.invalidParams, "There is no such prompt; there is \"tour\".")
        }
        var language = "English"
        if let given = params["arguments"]?["language"] {
            guard let text = given.stringValue else {
                return request.error(RPCCode.invalidParams, "The argument \"language\" must be a string.")
            }
            language = text
        }
        let text = """
            Try every tool of the demo server once: echo, clock, slow (3 seconds in 3 steps), stats (of 1, 2 and 3), ask, and \
            at last fail, which fails on purpose. Then tell me in \(language), in one sentence for each, what it did.
            """
        return request.reply(
            JSONObject([
                ("description", "Leads a model through the tools of the demo server."),
                ("messages", [["role": "user", "content": ["type": "text", "text": .string(text)]]]),
            ]))
    }
}
