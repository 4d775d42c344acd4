import ArgumentParser
import GateClient
import GateProtocol
import GateTerminal

struct Schema: GatewayCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows what a tool takes.",
        discussion: "--json prints the whole schema.")

    @Argument(help: "SERVER/TOOL, or a tool's name that is unique.")
    var tool: ToolName

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func execute(_ client: GateClient) async throws {
        let target = try await client.target(tool)
        try await ask(client, target.schemaPath, asJSON: output.json) { answer in
            let schema = ToolSchema(answer: answer)
            if let text = answer["description"]?.stringValue { Console.print(SafeText.lines(text) + "\n") }
            guard !schema.properties.isEmpty else { return Console.print("The tool takes no arguments.") }
            var table = Table([.init("ARGUMENT"), .init("TYPE"), .init("NEEDED"), .init("DESCRIPTION")])
            for (name, property) in schema.properties {
                table.add([
                    .init(name, .bold), .init(schema.typeText(property)),
                    .init(schema.required.contains(name) ? "yes" : "no"), .init(schema.about(property)),
                ])
            }
            Screen.print(table)
        }
    }
}

extension ToolSchema {
    fileprivate func typeText(_ property: JSONValue) -> String {
        let names = types(property)
        if names == ["array"], let items = items(property) {
            let inner = types(items)
            return inner.isEmpty ? "array" : "array of " + inner.joined(separator: " or ")
        }
        return names.isEmpty ? "any" : names.joined(separator: " or ")
    }

    fileprivate func about(_ property: JSONValue) -> String {
        var parts = [property["description"]?.stringValue.map(\.firstLine) ?? ""]
        if let values = property["enum"]?.arrayValue {
            parts.append("One of " + values.map { $0.stringValue ?? $0.text }.joined(separator: ", ") + ".")
        }
        if let standard = property["default"] { parts.append("Default: \(standard.stringValue ?? standard.text).") }
        return parts.filter { !$0.isEmpty }.joined(separator: " ")
    }
}
