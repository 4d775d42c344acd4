import GateProtocol
import GateTestKit
import Testing

/// The official Python SDK as a client: `new` is 2.x, `old` the last before it.
struct PythonClient: Sendable, CustomTestStringConvertible {
    let age: String
    var mode: String?
    /// Beside the tests' own environment.
    var environment: [String: String] = [:]

    static let current = PythonClient(age: "new")
    static let currentLegacy = PythonClient(age: "new", mode: "legacy")
    static let old = PythonClient(age: "old")

    var testDescription: String { "Python SDK, \(age)\(mode.map { " in mode \($0)" } ?? "")" }

    struct Run {
        var exit: Program.Exit
        var steps: [JSONValue]
        var errors: String

        func all(_ step: String) -> [JSONValue] { steps.filter { $0["step"] == .string(step) } }
        /// The names of the listed tools.
        var tools: [String] { all("list").first?["tools"]?.arrayValue?.compactMap(\.stringValue) ?? [] }
        /// The texts of the calls that went well, in order.
        var texts: [String] {
            all("call").filter { $0["is_error"] == false }.map { $0["text"]?.stringValue ?? "" }
        }
    }

    /// Lists the tools and makes the calls.
    func run(url: String, _ calls: [(tool: String, arguments: JSONValue)], _ flags: [String] = []) async throws -> Run {
        try await run(["--url", url] + flags, calls)
    }

    /// The same over stdin and stdout of a command.
    func run(
        command: [String], _ calls: [(tool: String, arguments: JSONValue)], _ flags: [String] = []
    ) async throws -> Run {
        try await run(["--stdio", JSONValue.array(command.map(JSONValue.string)).text] + flags, calls)
    }

    private func run(_ target: [String], _ calls: [(tool: String, arguments: JSONValue)]) async throws -> Run {
        let script = Products.checkout + "/Tests/python/client_\(age).py"
        let flags = mode.map { ["--mode", $0] } ?? []
        let pairs = calls.flatMap { [$0.tool, $0.arguments.text] }
        let run = try await Program.run(
            "/usr/bin/env",
            environment.map { "\($0.key)=\($0.value)" } + [Products.python(age), script] + target + flags + ["--"]
                + pairs)
        let steps = run.output.split(separator: "\n").compactMap { try? JSONValue(parsing: String($0)) }
        return Run(exit: run.exit, steps: steps, errors: run.errors)
    }
}
