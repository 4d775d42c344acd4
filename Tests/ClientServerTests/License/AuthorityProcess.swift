import GateCrypto
import GateLicense
import GateProtocol
import GateTestKit
import Testing

/// `stonegate authority` as its operator and its gateways meet it: the real program, a directory, HTTP.
final class AuthorityProcess: Sendable {
    let home: TemporaryDirectory
    private let server: Program
    let url: String
    let port: UInt16

    private init(_ home: TemporaryDirectory, _ server: Program, _ url: String, _ port: UInt16) {
        self.home = home
        self.server = server
        self.url = url
        self.port = port
    }

    /// Runs `stonegate authority` with these words, with its directory below `home`.
    static func run(
        _ home: TemporaryDirectory, _ words: [String], input: String = ""
    ) async throws -> (exit: Program.Exit, output: String, errors: String) {
        try await Program.run(
            Products.path("stonegate"), ["authority"] + words, input: input,
            environment: ["HOME": home.path, "PATH": "/usr/bin:/bin"], directory: home.path)
    }

    static func start(
        _ home: TemporaryDirectory, _ words: [String] = []
    ) async throws -> AuthorityProcess {
        let server = try Program(
            Products.path("stonegate"), ["authority", "serve", "--port", "0", "--json"] + words,
            environment: ["HOME": home.path, "PATH": "/usr/bin:/bin"], directory: home.path)
        let line = try await server.output.first(within: .seconds(20)) { _ in true }.element
        let url = try #require(JSONValue(parsing: line)["url"]?.stringValue)
        let port = try #require(url.split(separator: ":").last.flatMap { UInt16($0) })
        return AuthorityProcess(home, server, url, port)
    }

    /// The answer to a command with `--json`.
    func json(_ words: [String], input: String = "") async throws -> JSONValue {
        let run = try await AuthorityProcess.run(home, words + ["--json"], input: input)
        #expect(run.exit == .code(0), "\(words): \(run.output) \(run.errors)")
        return try JSONValue(parsing: run.output)
    }

    func trusted() async throws -> TrustedKeys {
        let lines = try await json(["keys"])["trusted_keys"]?.arrayValue ?? []
        return TrustedKeys(try lines.map { try #require(VerificationKey(licenseText: $0.stringValue ?? "")) })
    }

    func post(_ path: String, _ message: some LicenseMessage) async throws -> HTTPReply {
        try await HTTP.send(
            "POST", port: port, path, headers: ["Content-Type": "application/json"], body: message.bytes)
    }

    @discardableResult
    func stop() async throws -> Program.Exit { try await server.stop() }

    /// All that the server has written.
    var written: String { (server.output.all + server.errors.all).joined(separator: "\n") }
}
