import ArgumentParser
import GateConfig
import GateProtocol
import GateServer
import GateTerminal

/// `stonegate activate`: from a license key to an entitlement.
struct Activate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Activates a license.",
        discussion: """
            Without an option it asks for the key and does not show what is typed. In scripts: --key-file, or - for standard input.
            A key that is part of the command can be seen by all users of this machine while it runs, and stays in the shell's history.

            A gateway that runs takes the license over at once; otherwise the next start does.
            Exit codes: 0 active, 1 refused or not reached, 78 the configuration is wrong.
            """)

    @Option(help: ArgumentHelp("The license key. Other users can see it: better leave it out.", valueName: "SG-…"))
    var key: String?

    @Option(help: ArgumentHelp("A file that holds the key; - for standard input.", valueName: "path"))
    var keyFile: String?

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var source: ConfigurationOptions

    func validate() throws {
        if key != nil, keyFile != nil { throw ValidationError("Give --key or --key-file, not both.") }
    }

    func run() async throws {
        do throws(GateError) {
            let key = try typed()
            let answer = try await source.license(
                running: { ("/license/activate", ["key": .string(key)]) },
                offline: { keeper throws(GateError) in try await keeper.activate(key: key) })
            if json { return Console.print(json: answer.bytes) }
            LicenseText.print(answer)
        } catch {
            throw CommandFailure.end(error, json: json)
        }
    }

    private func typed() throws(GateError) -> String {
        if let key {
            Console.complain(
                "warning: other users of this machine can see this key; next time: stonegate activate --key-file -")
            return key
        }
        if let keyFile { return try KeyInput.read(keyFile) }
        return try KeyInput.ask()
    }
}

/// `stonegate deactivate`.
struct Deactivate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ends the license of this installation and gives its seat back.",
        discussion: "What runs goes on; the tier becomes Free for what is new.")

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var source: ConfigurationOptions

    func run() async throws {
        do throws(GateError) {
            let answer = try await source.license(
                running: { ("/license/deactivate", [:]) },
                offline: { keeper throws(GateError) in try await keeper.deactivate() })
            if json { return Console.print(json: answer.bytes) }
            Console.print("The license is ended here; its seat is \(SafeText.line(answer["seat"]?.stringValue ?? "")).")
        } catch {
            throw CommandFailure.end(error, json: json)
        }
    }
}
