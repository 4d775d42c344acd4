import GateProtocol
import GateTestKit
import Testing

/// One gateway in front of servers that others wrote, in all their ages and languages.
final class RealServers: Sendable {
    /// What a server must answer.
    struct Expectation: Sendable {
        var server: String
        var tool: String
        var arguments: JSONValue
        /// Part of the answer.
        var answer: String
    }

    let gateway: GatewayProcess
    let expectations: [Expectation]
    /// From `server/tool` to the name that agents see.
    let names: [String: String]
    private let directory: TemporaryDirectory
    private let servers: [PythonServer]

    @TaskLocal static var shared: RealServers?

    static var current: RealServers {
        get throws {
            guard let shared else { throw TestKitError("the suite has no RealServers") }
            return shared
        }
    }

    var serverNames: [String] { Array(Set(expectations.map(\.server))).sorted() }

    /// What agents call, with the arguments.
    func calls() throws -> [(tool: String, arguments: JSONValue)] {
        try expectations.map { expectation in
            let place = "\(expectation.server)/\(expectation.tool)"
            guard let name = names[place] else { throw TestKitError("\(place) is not in the catalog") }
            return (name, expectation.arguments)
        }
    }

    init() async throws {
        let directory = try TemporaryDirectory()
        self.directory = directory
        let repository = directory.file("repository")
        for arguments in [
            ["init", "-q", "-b", "main", repository],
            [
                "-C", repository, "-c", "user.name=T", "-c", "user.email=t@example.org", "commit", "-q",
                "--allow-empty", "-m", "the first commit",
            ],
        ] {
            let run = try await Program.run("/usr/bin/git", arguments)
            guard run.exit == .code(0) else { throw TestKitError("git \(arguments): \(run.errors)") }
        }
        async let new = PythonServer.start("new")
        async let old = PythonServer.start("old")
        servers = try await [new, old]
        let document = directory.file("letter.docx")
        expectations = [
            .init(
                server: "time", tool: "convert_time",
                arguments: ["source_timezone": "UTC", "time": "12:00", "target_timezone": "Asia/Tokyo"], answer: "21:00"
            ),
            .init(
                server: "git", tool: "git_log", arguments: ["repo_path": .string(repository)],
                answer: "the first commit"),
            .init(
                server: "git-old", tool: "git_log", arguments: ["repo_path": .string(repository)],
                answer: "the first commit"),
            .init(
                server: "sqlite", tool: "read_query", arguments: ["query": "SELECT 6 * 7 AS answer"], answer: "42"),
            .init(
                server: "grafana", tool: "generate_deeplink",
                arguments: ["resourceType": "dashboard", "dashboardUid": "abc"], answer: "/d/abc"),
            .init(
                server: "word", tool: "create_document", arguments: ["filename": .string(document)],
                answer: "letter.docx created"),
            .init(server: "http-new", tool: "echo", arguments: ["text": "grüße, 1.10"], answer: "grüße, 1.10"),
            .init(server: "http-old", tool: "add", arguments: ["a": 40, "b": 2], answer: "42"),
        ]
        let config = try [
            Backends.stdio("time", Products.script("mcp-server-time", in: "new")),
            Backends.stdio("git", Products.script("mcp-server-git", in: "new"), ["--repository", repository]),
            Backends.stdio("git-old", Products.script("mcp-server-git", in: "ancient"), ["--repository", repository]),
            Backends.stdio(
                "sqlite", Products.script("mcp-server-sqlite", in: "old"), ["--db-path", directory.file("data.db")]),
            Backends.stdio(
                "grafana", Products.script("mcp-grafana", in: "new"),
                environment: ["GRAFANA_URL": "http://127.0.0.1:9", "GRAFANA_USAGE_STATS": "disabled"]),
            Backends.stdio("word", Products.script("word_mcp_server", in: "new")),
            Backends.http("http-new", servers[0].url),
            Backends.http("http-old", servers[1].url),
        ]
        gateway = try await GatewayProcess.start(config.joined())
        try await gateway.running(expectations.map(\.server), within: .seconds(60))
        names = try await gateway.names()
    }
}

/// Starts ``RealServers`` once for a suite and stops them after it.
struct WithRealServers: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test, testCase: Test.Case?, performing body: @Sendable () async throws -> Void
    ) async throws {
        let servers = try await RealServers()
        try await RealServers.$shared.withValue(servers) { try await body() }
        let exit = try await servers.gateway.stop()
        #expect(exit == .code(0))
    }
}

extension Trait where Self == WithRealServers {
    static var realServers: Self { WithRealServers() }
}
