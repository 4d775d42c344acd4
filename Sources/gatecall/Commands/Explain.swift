import ArgumentParser
import GateClient
import GateProtocol
import GateTerminal

struct Explain: GatewayCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tells in words where a call's time went and what decided it. Needs the admin token.",
        discussion: "Errors, `gatecall log` and the answers of calls tell the correlation id.")

    @Argument(help: ArgumentHelp("The call's correlation id.", valueName: "id"))
    var id: String

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func execute(_ client: GateClient) async throws {
        try await ask(client, "/call/\(PercentEncoding.encode(id))/explain", asJSON: output.json) { answer in
            for line in answer["explanation"]?.arrayValue ?? [] {
                Console.print(SafeText.line(line.stringValue ?? ""))
            }
        }
    }
}
