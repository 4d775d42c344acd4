import ArgumentParser
import GateClient
import GateConfig
import GateProtocol
import GateServer
import GateTerminal

/// The gateway that uses a data directory at this moment, found by the directory's lock.
struct RunningGateway {
    let dataDirectory: String
    let lock: DirectoryLock
    let holder: LockHolder?
    /// Where it answers: as it said itself, which may differ from the configuration by now.
    let url: String

    /// With the admin token of the data directory.
    func client() throws(GateError) -> GateClient {
        guard let token = GateToken.admin(dataDirectory: dataDirectory) else {
            throw GateError(
                .adminRequired,
                "There is no admin token that you can read in \(dataDirectory). Run this as the user who started the "
                    + "gateway.", source: .caller)
        }
        var options = GateClientOptions()
        options.timeout = .seconds(30)
        return try GateClient(url: url, token: token, options: options)
    }

    /// The error, with what is known of a gateway that does not answer.
    func explained(_ error: GateError) -> GateError {
        guard error.code == .gatewayUnreachable || error.code == .timeout else { return error }
        var error = error
        let who = holder.map { "process \($0.pid)" } ?? "some process"
        let end = holder.map { " To end it by force: kill \($0.pid)" } ?? ""
        error.message = "A gateway (\(who)) uses \(dataDirectory), but does not answer at \(url).\(end)"
        return error
    }
}

extension ConfigurationOptions {
    /// - Throws: `GATEWAY_UNREACHABLE` when no gateway uses the data directory, `STORAGE_FAILED` when this user may not look.
    func runningGateway() throws(GateError) -> RunningGateway {
        let config = readable()
        let directory = config.server.dataDir
        let lock = DirectoryLock(dataDirectory: directory)
        switch lock.state {
        case .held(let holder):
            return RunningGateway(
                dataDirectory: directory, lock: lock, holder: holder, url: holder?.url ?? config.localURL)
        case .free:
            if dataDir == nil, case .failure(let problems) = Result(catching: read) {
                throw GateError(
                    .configInvalid,
                    "The configuration cannot be read, so that it does not say where the gateway keeps its data. A gateway that "
                        + "runs goes on as before. Mend the file, or name the directory with --data-dir.\n\(problems)",
                    source: .caller)
            }
            throw GateError(
                .gatewayUnreachable,
                "No gateway runs with the data directory \(directory). Start one with: stonegate serve — or name "
                    + "the directory of the one you mean with --data-dir or --config.")
        case .unreadable(let reason):
            throw GateError(
                .storageFailed,
                "\(directory) cannot be read: \(reason). Run this as the user who started the gateway.",
                source: .caller)
        }
    }
}

/// Ends a command with an error in words, or in JSON on stdout.
enum CommandFailure {
    static func end(_ error: GateError, json: Bool) -> ExitCode {
        if json {
            Console.print(json: error.json.bytes)
        } else {
            Console.complain("stonegate: \(SafeText.line(error.code.rawValue)): \(SafeText.lines(error.message))")
        }
        switch error.code {
        case .gatewayUnreachable: return .unreachable
        case .configInvalid: return .configuration
        default: return .failure
        }
    }
}
