import ArgumentParser
import GateClient
import GateConfig
import GateTerminal

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Which configuration a command works with; the same places as `stonegate serve`.
struct ConfigurationOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The configuration file. (STONEGATE_CONFIG, else ~/.stonegate/config.toml)", valueName: "path"),
        completion: .file(extensions: ["toml"]))
    var config: String?

    @Option(help: ArgumentHelp("The gateway's data directory.", valueName: "path"), completion: .directory)
    var dataDir: String?

    /// - Returns: the configuration, and the file it was read from when there is one.
    func read() throws(ConfigProblems) -> (loaded: LoadedConfig, file: ConfigFile?) {
        let environment = ProcessInfo.processInfo.environment
        let file: ConfigFile?
        do throws(ConfigProblem) {
            file = try ConfigLocator.find(flag: config, environment: environment)
        } catch {
            throw ConfigProblems([error])
        }
        let loaded = try ConfigLoader.load(
            file: file, environment: environment, overrides: overrides,
            workingDirectory: FileManager.default.currentDirectoryPath, files: .system)
        return (loaded, file)
    }

    /// The configuration as far as it can be read, problems or not.
    func readable() -> GatewayConfig {
        let environment = ProcessInfo.processInfo.environment
        let file = try? ConfigLocator.find(flag: config, environment: environment)
        return ConfigLoader.readable(
            file: file, environment: environment, overrides: overrides,
            workingDirectory: FileManager.default.currentDirectoryPath)
    }

    private var overrides: [ConfigLoader.Override] {
        dataDir.map { [ConfigLoader.Override(key: "server.data_dir", value: $0, flag: "--data-dir")] } ?? []
    }

    /// The configuration; prints what is wrong with it and ends the command otherwise.
    func load() throws -> GatewayConfig {
        do throws(ConfigProblems) {
            return try read().loaded.config
        } catch {
            Console.complain(error.description)
            throw ExitCode.configuration
        }
    }
}

extension ExitCode {
    /// The configuration is wrong (EX_CONFIG).
    static let configuration = ExitCode(78)
    /// No gateway answers.
    static let unreachable = ExitCode(3)
}
