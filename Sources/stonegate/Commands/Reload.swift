import ArgumentParser
import GateClient
import GateConfig
import GateProtocol
import GateTerminal

struct Reload: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Makes the running gateway read its configuration again.",
        discussion: """
            The gateway reads the file it was started with and applies what has changed: all of it or, when something is wrong with \
            the file, nothing. Calls in flight finish. The same happens by itself when the file changes, and on SIGHUP.

            Exit codes: 0 applied, 3 no gateway runs, 78 the configuration is wrong and nothing was changed, 1 anything else.
            """)

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var source: ConfigurationOptions

    func run() async throws {
        do throws(GateError) {
            let gateway = try source.runningGateway()
            do throws(GateError) {
                show(try await gateway.client().send(.post, "/gateway/reload", body: Array("{}".utf8)))
            } catch {
                throw gateway.explained(error)
            }
        } catch {
            throw CommandFailure.end(error, json: json)
        }
    }

    private func show(_ answer: [UInt8]) {
        if json { return Console.print(json: answer) }
        let value = (try? JSONValue(parsing: answer)) ?? .null
        func texts(_ key: String) -> [String] {
            (value[key]?.arrayValue ?? []).compactMap { $0.stringValue.map { SafeText.line($0) } }
        }
        let file = value["file"]?.stringValue.map { SafeText.line($0) } ?? "the configuration"
        Console.print("The gateway has read \(file).")
        for (key, word) in [("added", "added"), ("removed", "removed"), ("changed", "changed"), ("applied", "applied")]
        {
            let names = texts(key)
            if !names.isEmpty { Console.print("  \(word): \(names.joined(separator: ", "))") }
        }
        let unchanged = texts("unchanged").count
        if unchanged > 0 { Console.print("  unchanged: \(Spoken.count(unchanged, "server"))") }
        let waiting = texts("needs_restart")
        if !waiting.isEmpty {
            Console.print("Takes effect at the next start of the gateway: \(waiting.joined(separator: ", "))")
        }
        for warning in texts("warnings") { Console.complain("warning: \(warning)") }
    }
}
