import ArgumentParser
import GateClient
import GateProtocol
import GateTerminal

struct Call: GatewayCommand {
    static let configuration = CommandConfiguration(
        abstract: "Calls a tool and prints its result.",
        discussion: """
            Arguments are written as key=value and typed by the tool's schema: numbers, true and false, arrays and objects \
            as JSON, everything else as strings. key:=JSON takes a value as JSON whatever the schema says, and an array may \
            be given element by element: tag=a tag=b. Instead, --json takes all arguments at once, and - reads them from \
            stdin.

              gatecall call demo/echo text='hello there'
              gatecall call demo/stats numbers=1 numbers=2.5
              gatecall call demo/stats --json '{"numbers": [1, 2.5]}'
              echo '{"numbers": [1, 2.5]}' | gatecall call demo/stats -

            With --async the gateway carries the call out by itself, over lost connections and restarts; `gatecall poll`, `await`, \
            `cancel` and `calls` deal with it.
            """)

    enum Form: String, ExpressibleByArgument, CaseIterable {
        case text
        case json
        case raw
    }

    @Argument(help: "SERVER/TOOL, or a tool's name that is unique.")
    var tool: ToolName

    @Argument(help: "key=value, or - to read JSON from stdin.")
    var arguments: [String] = []

    @Option(help: ArgumentHelp("All arguments as one JSON object.", valueName: "object"))
    var json: String?

    @Option(
        name: [.short, .long],
        help: ArgumentHelp(
            "text for people, json for the gateway's whole answer, raw for the bytes of the tool's text.",
            valueName: "form"))
    var output = Form.text

    @Flag(name: .customLong("async"), help: "Start the call, print its id and do not wait: see `gatecall await`.")
    var isAsync = false

    @Option(
        help: ArgumentHelp(
            "Your own name for this call: sent again under it, it is not carried out again.", valueName: "key"))
    var idempotencyKey: String?

    @Option(help: ArgumentHelp("With --async: told of the end, if the operator allows its host.", valueName: "url"))
    var callbackUrl: String?

    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        guard callbackUrl == nil || isAsync else { throw ValidationError("--callback-url needs --async.") }
        guard json == nil || arguments.isEmpty else {
            throw ValidationError("Give the arguments either as --json or as key=value.")
        }
        guard !arguments.contains("-") || arguments.count == 1 else {
            throw ValidationError("- for stdin stands alone, without further arguments.")
        }
    }

    func execute(_ client: GateClient) async throws {
        let body = try GateClient.callBody(
            tool.text, arguments: try await argumentBytes(client), callbackURL: callbackUrl)
        if isAsync { return try await start(client, body) }
        let answer = try await client.send(
            .post, "/call", body: body, headers: idempotencyKey.map { [("Idempotency-Key", $0)] } ?? [])
        var result = JSONValue.null
        try present(answer, asJSON: false) { result = try CallAnswer(json: $0).result }
        let failed = result["isError"]?.boolValue == true
        switch output {
        case .json: Console.print(json: answer)
        case .raw where !failed:
            Console.write(raw: Array(texts(result).joined(separator: "\n").utf8))
        case .text, .raw:
            let text = ToolOutput.text(result)
            if failed {
                Console.complain(Screen.errorStyle.apply(.red, "gatecall: the tool failed: ") + text)
            } else {
                Console.print(text)
            }
        }
        if failed { throw ExitCode.toolFailed }
    }

    private func start(_ client: GateClient, _ body: [UInt8]) async throws {
        let answer = try await client.submit(body, idempotencyKey: idempotencyKey, timeLimit: nil)
        try present(answer, asJSON: output == .json) { Console.print(try $0.string("call_id")) }
    }

    private func texts(_ result: JSONValue) -> [String] {
        (result["content"]?.arrayValue ?? []).compactMap { $0["text"]?.stringValue }
    }

    private func argumentBytes(_ client: GateClient) async throws -> [UInt8] {
        if let json { return try object(Array(json.utf8), from: "--json") }
        if arguments == ["-"] {
            guard let text = Console.readAll(limit: 4 << 20) else {
                throw ValidationError("stdin cannot be read, or holds more than 4 MiB.")
            }
            return try object(text, from: "stdin")
        }
        guard !arguments.isEmpty else { return Array("{}".utf8) }
        let target = try await client.target(tool)
        let schema = ToolSchema(answer: try await client.schema(server: target.server, tool: target.tool))
        return try ArgumentReader(schema: schema).read(arguments).bytes
    }

    private func object(_ text: [UInt8], from source: String) throws -> [UInt8] {
        do {
            guard try JSONValue(parsing: text).objectValue != nil else {
                throw ValidationError("\(source) must be a JSON object, like {\"text\": \"hello\"}.")
            }
        } catch let fault as JSONFault {
            throw ValidationError("\(source) is not JSON: \(fault).")
        }
        return text
    }
}
