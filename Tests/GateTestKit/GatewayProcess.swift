/// The real `stonegate serve`, with a configuration and a data directory of its own, on a port of its own.
package final class GatewayProcess: Sendable {
    package let directory: TemporaryDirectory
    package let program: Program
    package let port: UInt16

    package var baseURL: String { "http://127.0.0.1:\(port)" }
    package var dataDirectory: String { directory.file("data") }
    /// Made by the gateway at its first start.
    package var adminTokenFile: String { dataDirectory + "/admin.token" }

    /// Starts the gateway and returns when it is ready and answers.
    /// - Parameters:
    ///   - config: TOML without `host`, `port` and `data_dir`; keys for `[server]` go into `server`.
    ///   - host: the address to listen on. The tests talk to 127.0.0.1 in any case.
    ///   - launcher: a program and its arguments that becomes the gateway, such as `prlimit`.
    ///   - directory: given to start again on the data of an earlier run.
    ///   - port: given to start again where an earlier run answered.
    package static func start(
        _ config: String = "", host: String = "127.0.0.1", server: String = "", arguments: [String] = [],
        environment: [String: String]? = nil,
        directory: TemporaryDirectory? = nil, port: UInt16? = nil, launcher: [String] = [],
        within time: Duration = .seconds(30)
    ) async throws -> GatewayProcess {
        let directory = try directory ?? TemporaryDirectory()
        let wanted = try port ?? Sockets.freePort()
        let head =
            "[server]\nhost = \"\(host)\"\nport = \(wanted)\ndata_dir = \"\(directory.file("data"))\"\n\(server)\n\n"
        let path = try directory.write(head + config, to: "config.toml")
        let words = launcher + [try Products.path("stonegate"), "serve", "--config", path] + arguments
        let program = try Program(words[0], Array(words.dropFirst()), environment: environment)
        let mark = "listening on http://127.0.0.1:"
        let line = try await program.errors.first(within: time) { $0.contains(mark) }.element
        guard line.contains("\(mark)\(wanted)") else { throw TestKitError("another port than \(wanted): \(line)") }
        let health = try await HTTP.get(port: wanted, "/health", within: time)
        guard health.status == 200 else { throw TestKitError("/health says \(health.status): \(health.text)") }
        return GatewayProcess(directory: directory, program: program, port: wanted)
    }

    private init(directory: TemporaryDirectory, program: Program, port: UInt16) {
        self.directory = directory
        self.program = program
        self.port = port
    }

    /// The admin token; nil before the gateway has written it.
    package var adminToken: String? {
        directory.read("data/admin.token").map { $0.filter { !$0.isWhitespace } }
    }

    /// Stops it as a service manager would.
    @discardableResult
    package func stop(within time: Duration = .seconds(15)) async throws -> Program.Exit {
        try await program.stop(within: time)
    }

    package func get(_ path: String, headers: [String: String] = [:]) async throws -> HTTPReply {
        try await HTTP.get(port: port, path, headers: headers)
    }

    package func post(_ path: String, headers: [String: String] = [:], json: String) async throws -> HTTPReply {
        try await HTTP.post(port: port, path, headers: headers, json: json)
    }

    /// With the admin token.
    package func admin(_ method: String, _ path: String, json: String? = nil) async throws -> HTTPReply {
        guard let adminToken else { throw TestKitError("no admin token in \(adminTokenFile)") }
        let headers = ["Authorization": "Bearer \(adminToken)", "Content-Type": "application/json"]
        return try await HTTP.send(method, port: port, path, headers: headers, body: json.map { Array($0.utf8) })
    }
}
