import ArgumentParser
import GateProtocol
import GateTerminal

/// Watches a gateway live through a minute of faults, and says what its users saw.
@main
struct Chaos: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lets everything go wrong behind a running gateway, and shows what its users see.",
        discussion: "Exit codes: 0 every promise was kept, 1 one was broken.")

    @Option(help: "How long faults are injected.")
    var seconds = 60
    @Option(help: "The order of the faults.")
    var seed: UInt64 = 1
    @Flag(help: "The result as JSON; nothing else on stdout.")
    var json = false

    func validate() throws {
        guard (1...86_400).contains(seconds) else { throw ValidationError("--seconds must be 1 to 86400") }
    }

    func run() async throws {
        let run = ChaosRun(seconds: seconds, seed: seed, screen: Screen(isQuiet: json))
        let verdict = try await run.play()
        if json {
            Console.print(json: verdict.json.bytes)
        } else {
            verdict.show()
        }
        if !verdict.broken.isEmpty { throw ExitCode(1) }
    }
}
