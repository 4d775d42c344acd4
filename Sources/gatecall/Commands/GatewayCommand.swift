import ArgumentParser
import GateClient
import GateProtocol
import GateTerminal

/// A command that asks the gateway something.
protocol GatewayCommand: AsyncParsableCommand {
    /// The words that name the command after `gatecall`.
    static var path: String { get }
    var connection: ConnectionOptions { get }

    func execute(_ client: GateClient) async throws
}

extension GatewayCommand {
    static var path: String { configuration.commandName ?? String(describing: Self.self).lowercased() }

    func run() async throws {
        do {
            try await execute(try connection.client())
        } catch let error as GateError {
            let failure = Failure(error)
            Console.complain(failure.report(style: Screen.errorStyle))
            throw failure.exitCode
        } catch let error as ValidationError {
            // Found only now, because it takes the gateway's answer to see it.
            Console.complain("gatecall: \(SafeText.line(error.message))\n  See: gatecall \(Self.path) --help")
            throw ExitCode.validationFailure
        }
    }

    /// Asks a route, and shows the answer as it is or through `show`.
    func ask(
        _ client: GateClient, _ path: String, asJSON: Bool, show: (JSONValue) throws -> Void
    ) async throws {
        let answer = try await client.send(.get, path)
        try present(answer, asJSON: asJSON, show: show)
    }

    /// A call's state, and the answer that it was read from; nil when that has been printed as it is.
    func callState(
        _ method: GateClient.Method, _ id: String, _ client: GateClient
    ) async throws -> (answer: [UInt8], state: CallState)? {
        let answer = try await client.send(method, "/call/" + PercentEncoding.encode(id))
        var state: CallState?
        try present(answer, asJSON: false) { state = try CallState(json: $0) }
        return state.map { (answer, $0) }
    }

    func present(_ answer: [UInt8], asJSON: Bool, show: (JSONValue) throws -> Void) throws {
        if asJSON { return Console.print(json: answer) }
        do {
            try show(try JSONValue(parsing: answer, limits: JSONLimits(nodes: 4_000_000)))
        } catch let error where error is JSONFault || error is JSONShapeError {
            throw GateError(
                .gatewayUnreachable, "What answered is not stonegate, or another version of it: \(error). Check --url.",
                sent: true)
        }
    }
}
