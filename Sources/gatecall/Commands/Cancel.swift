import ArgumentParser
import GateClient
import GateProtocol
import GateTerminal

struct Cancel: GatewayCommand {
    static let configuration = CommandConfiguration(
        abstract: "Cancels a call of `gatecall call --async`.",
        discussion: "A call that has ended stays as it was; the exit code is 2 then.")

    @Argument(help: ArgumentHelp("The call's id.", valueName: "id"))
    var id: String

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func execute(_ client: GateClient) async throws {
        guard let (answer, state) = try await callState(.delete, id, client) else { return }
        if output.json {
            Console.print(json: answer)
        } else if state.status == .cancelled {
            Console.print(
                "\(SafeText.line(state.id)) is cancelled. "
                    + (state.error?.sent == true
                        ? "Its server was told; whether it took effect is not known." : "It had not been sent."))
        } else {
            Console.complain("gatecall: the call had ended before: \(SafeText.line(state.status.rawValue))")
        }
        if state.status != .cancelled { throw ExitCode.refused }
    }
}
