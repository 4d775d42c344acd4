import ArgumentParser
import GateClient
import GateProtocol
import GateTerminal

struct Poll: GatewayCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tells how a call of `gatecall call --async` stands, with its result once it has one.")

    @Argument(help: ArgumentHelp("The call's id.", valueName: "id"))
    var id: String

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func execute(_ client: GateClient) async throws {
        guard let (answer, state) = try await callState(.get, id, client) else { return }
        if output.json { Console.print(json: answer) } else { CallReport(state).print() }
        if state.status.isEnd { try CallReport(state).exit() }
    }
}
