import ArgumentParser
import GateConfig
import GateProtocol
import GateServer
import GateTerminal

struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Checks the configuration and prints what is in force.",
        discussion: """
            Secrets are hidden. Exit codes: 0 the configuration is good, 78 it is not; then all problems are printed on \
            stderr, or with --json on stdout.
            """)

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var source: ConfigurationOptions

    func run() throws {
        do throws(ConfigProblems) {
            let (loaded, file) = try source.read()
            if file == nil { Console.complain("There is no configuration file; these are the defaults.") }
            if let warning = loaded.exposureWarning(mode: file?.mode) { Console.complain("warning: \(warning)") }
            if let problem = loaded.config.tlsProblem {
                throw ConfigProblems([
                    ConfigProblem(
                        origin: .file(path: loaded.path ?? "configuration", line: nil, column: nil), key: "tls",
                        message: problem)
                ])
            }
            if let problem = OAuthAccess.problem(loaded.config) { throw ConfigProblems([problem]) }
            let effective = EffectiveConfig(loaded.config)
            Console.print(json ? effective.json : effective.toml.trimmingLastLineBreak)
        } catch {
            if json {
                Console.print(json: JSONValue.object(JSONObject([("problems", error.json)])).bytes)
            } else {
                Console.complain(error.description)
                Console.complain("\(Spoken.count(error.problems.count, "problem")).")
            }
            throw ExitCode.configuration
        }
    }
}

extension String {
    fileprivate var trimmingLastLineBreak: String { hasSuffix("\n") ? String(dropLast()) : self }
}
