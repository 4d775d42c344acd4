import ArgumentParser
import GateClient
import GateProtocol
import GateTerminal

struct Await: GatewayCommand {
    static let configuration = CommandConfiguration(
        abstract: "Waits for the end of a call of `gatecall call --async` and prints its result.",
        discussion: "Interrupting it ends the waiting, not the call. The exit codes are those of `gatecall call`.")

    @Argument(help: ArgumentHelp("The call's id.", valueName: "id"))
    var id: String

    @Option(
        name: .customLong("for"),
        help: ArgumentHelp("How long to wait; without it until the end.", valueName: "seconds"))
    var patience: Int?

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        guard patience.map({ (1...2_592_000).contains($0) }) ?? true else {
            throw ValidationError("--for must be from 1 to 2592000 seconds.")
        }
    }

    func execute(_ client: GateClient) async throws {
        let call = client.asyncCall(id: id)
        let showing = Task { await follow(call) }
        defer { showing.cancel() }
        // Whatever it throws shows in the call's state, or keeps that from being read.
        _ = try? await call.value(timeout: patience.map { .seconds($0) })
        showing.cancel()
        await showing.value
        guard let (answer, state) = try await callState(.get, id, client) else { return }
        guard state.status.isEnd else {
            throw GateError(
                .timeout, "The call is \(state.status.rawValue) and goes on. Wait for it again: gatecall await \(id)")
        }
        if output.json { Console.print(json: answer) } else { CallReport(state).printResult() }
        try CallReport(state).exit()
    }

    /// Shows on stderr how the call goes: a bar that grows on a terminal, else a line for each change.
    private func follow(_ call: AsyncCall) async {
        var bar = ProgressBar(isTerminal: Console.errorsAreTerminal, style: Screen.errorStyle)
        // A stream that breaks only ends what is shown.
        do {
            for try await state in call.changes { if let text = bar.text(state) { Console.complain(raw: text) } }
        } catch {}
        if let text = bar.end() { Console.complain(raw: text) }
    }
}
