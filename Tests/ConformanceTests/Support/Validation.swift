import GateProtocol
import GateTestKit

/// Whether the messages that the gateway sent are valid by the schemas of their revisions.
struct Validation: Sendable {
    var toAgents: (checked: Int, invalid: [String])
    var toBackends: (checked: Int, invalid: [String])

    static func of(_ stage: Stage) async throws -> Validation {
        Validation(
            toAgents: try await check(stage.tap.lines, "to_client"),
            toBackends: try await check(stage.reports.lines.filter { $0.contains("\"to_server\"") }, "to_server"))
    }

    private static func check(_ lines: [String], _ direction: String) async throws -> (checked: Int, invalid: [String])
    {
        let directory = try TemporaryDirectory()
        let file = try directory.write(lines.joined(separator: "\n") + "\n", to: "messages.jsonl")
        let run = try await Program.run(
            Products.python("new"),
            [Products.checkout + "/Tests/python/validate.py", "--direction", direction, file], within: .seconds(120))
        let said = run.output.split(separator: "\n").map(String.init)
        guard let last = said.last.flatMap({ try? JSONValue(parsing: $0) }), let count = last["checked"]?.intValue
        else {
            throw TestKitError("validate.py: \(run.output.suffix(500)) \(run.errors.suffix(2000))")
        }
        return (count, Array(said.dropLast()))
    }
}
