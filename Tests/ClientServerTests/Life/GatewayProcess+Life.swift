import GateProtocol
import GateTestKit

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Changing and stopping a running gateway.
extension GatewayProcess {
    var configFile: String { directory.file("config.toml") }

    private func text(_ config: String, server: String, port: UInt16?) -> String {
        "[server]\nhost = \"127.0.0.1\"\nport = \(port ?? self.port)\ndata_dir = \"\(dataDirectory)\"\n\(server)\n\n"
            + config
    }

    /// Puts another configuration in the place of the file, as editors do.
    func replaceConfig(_ config: String, server: String = "", port: UInt16? = nil) throws {
        let new = try directory.write(text(config, server: server, port: port), to: ".config.toml.new")
        guard rename(new, configFile) == 0 else { throw TestKitError("rename: \(String(cString: strerror(errno)))") }
    }

    /// Writes another configuration into the file itself.
    func rewriteConfig(_ config: String, server: String = "", port: UInt16? = nil) throws {
        try directory.write(text(config, server: server, port: port), to: "config.toml")
    }

    /// A command of `stonegate` that finds this gateway by its data directory.
    func command(
        _ arguments: [String], within time: Duration = .seconds(60)
    ) async throws -> (exit: Program.Exit, output: String, errors: String) {
        try await Program.run(
            Products.path("stonegate"), arguments + ["--data-dir", dataDirectory],
            environment: ["HOME": directory.path, "PATH": "/usr/bin:/bin"], within: time)
    }

    /// `stonegate reload --json`, which must do it.
    func reload() async throws -> JSONValue {
        let run = try await command(["reload", "--json"])
        guard run.exit == .code(0) else { throw TestKitError("reload: \(run.exit) \(run.output) \(run.errors)") }
        return try JSONValue(parsing: run.output)
    }

    func pid(_ server: String) async throws -> Int {
        guard let pid = try await self.server(server)["pid"]?.intValue else { throw TestKitError("\(server): no pid") }
        return pid
    }
}

extension JSONValue {
    /// The texts of the member's list.
    func texts(_ key: String) -> [String] { (self[key]?.arrayValue ?? []).compactMap(\.stringValue) }
}

/// Looks again and again, with a program run in between, until the condition holds.
func eventually(within time: Duration = .seconds(20), _ condition: () async throws -> Bool) async throws -> Bool {
    let deadline = ContinuousClock.now + time
    while ContinuousClock.now < deadline {
        if try await condition() { return true }
    }
    return try await condition()
}

/// The process table, as `ps` shows it.
enum ProcessList {
    /// State and command of the children of a process.
    static func children(of pid: Int32) async throws -> [String] {
        let run = try await Program.run("/bin/ps", ["-o", "stat=,args=", "--ppid", "\(pid)"])
        return run.output.split(separator: "\n").map(String.init)
    }

    /// Open descriptors of a process.
    static func descriptors(of pid: Int32) async throws -> Int {
        let run = try await Program.run("/bin/ls", ["/proc/\(pid)/fd"])
        return run.output.split(separator: "\n").count
    }
}
