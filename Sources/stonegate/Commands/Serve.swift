import ArgumentParser
import GateConfig
import GateProtocol
import GateServer
import Logging

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// `stonegate serve`: runs the gateway in the foreground.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the gateway.",
        discussion: """
            Reads --config, else $STONEGATE_CONFIG, else ~/.stonegate/config.toml; without a file it starts with no servers.
            Ends on SIGTERM, Ctrl-C or `stonegate stop` after calls in flight have finished; a second signal ends it at once.
            Reads the file again when it changes, on SIGHUP and on `stonegate reload`.
            Exit codes: 0 stopped, 75 the data directory is in use, 78 the configuration is wrong or others can read its secrets \
            or the data directory, 1 anything else.
            """)

    @Option(help: "The configuration file.", completion: .file(extensions: ["toml"]))
    var config: String?
    @Flag(help: "Add the built-in demo server, to try things out.")
    var demo = false
    @Option(help: "The address to listen on.")
    var host: String?
    @Option(help: "The port to listen on.")
    var port: String?
    @Option(help: "Where tokens and state are kept.", completion: .directory)
    var dataDir: String?
    @Option(help: "trace, debug, info, notice, warning, error or critical.")
    var logLevel: String?
    @Option(help: "text or json.")
    var logFormat: String?

    func run() async throws {
        let environment = ProcessEnvironment.current
        let source = ConfigSource(
            flag: config, environment: environment, overrides: overrides,
            workingDirectory: ProcessEnvironment.directory, extra: demo ? [try DemoServer.backend()] : [])
        let file: ConfigFile?
        let loaded: LoadedConfig
        do {
            file = try source.read()
            loaded = try source.load(file)
        } catch {
            Terminal.error("\(error)")
            throw ExitCode(78)
        }
        let logging = loaded.config.logging
        let logger = Logger(label: "stonegate") { _ in GateLogHandler(logging) }
        if let exposure = loaded.exposureWarning(mode: file?.mode) {
            Terminal.error(exposure)
            throw ExitCode(78)
        }
        if let problem = loaded.config.tlsProblem {
            Terminal.error(problem)
            throw ExitCode(78)
        }
        let backends = loaded.config.backends.count
        let path = loaded.path
        let announcer = CatalogAnnouncer()
        let app = GatewayApp(
            config: loaded.config, source: source, file: file, environment: environment, logger: logger)
        do {
            try await app.run { ready in
                Banner.print(ready, configPath: path, backends: backends, isDemo: demo)
                announcer.watch(ready.gateway)
            }
        } catch let error as StateDirectoryError {
            Terminal.error(error.description)
            throw ExitCode(error.isBusy ? 75 : error.isExposed ? 78 : 1)
        } catch let problem as ConfigProblem {
            Terminal.error("\(problem)")
            throw ExitCode(78)
        } catch {
            Terminal.error("\(error)")
            throw ExitCode(1)
        }
    }

    private var overrides: [ConfigLoader.Override] {
        [
            ("server.host", host, "--host"), ("server.port", port, "--port"),
            ("server.data_dir", dataDir, "--data-dir"),
            ("logging.level", logLevel, "--log-level"), ("logging.format", logFormat, "--log-format"),
        ].compactMap { key, value, flag in value.map { ConfigLoader.Override(key: key, value: $0, flag: flag) } }
    }
}

/// The built-in server of `--demo`: this program again, as a real child process.
enum DemoServer {
    static func backend() throws -> BackendConfig {
        guard let program = ProcessEnvironment.executable else {
            Terminal.error("--demo: the path of this program cannot be found out.")
            throw ExitCode(1)
        }
        return BackendConfig(
            name: "demo", connection: .stdio(.init(command: program, args: ["demo-server"])))
    }
}
