import ArgumentParser
import GateClient
import GateConfig
import GateTerminal

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

struct Token: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows the admin token, which allows to change the gateway.",
        discussion: "The gateway makes the token at its first start. To get a new one, delete the file and restart it.",
        subcommands: [TokenShow.self, TokenPath.self])
}

struct TokenShow: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Prints the token.")

    @OptionGroup var source: ConfigurationOptions

    func run() throws {
        let path = try source.tokenPath()
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            Console.complain(
                """
                stonegate: there is no admin token that you can read in \(path).
                  `stonegate serve` makes it at its first start. With another data directory, give --data-dir or --config.
                """)
            throw ExitCode.failure
        }
        Console.print(text.filter { !$0.isWhitespace })
    }
}

struct TokenPath: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "path", abstract: "Prints where the token is stored.")

    @OptionGroup var source: ConfigurationOptions

    func run() throws { Console.print(try source.tokenPath()) }
}

extension ConfigurationOptions {
    fileprivate func tokenPath() throws -> String {
        let directory = try load().server.dataDir
        guard let path = GateToken.adminTokenPath(dataDirectory: directory) else {
            Console.complain("stonegate: HOME is not set; give --data-dir.")
            throw ExitCode.failure
        }
        return path
    }
}
