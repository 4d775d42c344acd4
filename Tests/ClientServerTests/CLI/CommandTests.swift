import GateProtocol
import GateTestKit
import Testing

/// The commands beside `serve`, as a person types them.
@Suite(.serialized) struct CommandTests {
    private typealias Run = (exit: Program.Exit, output: String, errors: String)

    private func stonegate(_ arguments: [String], home: TemporaryDirectory) async throws -> Run {
        try await Program.run(
            Products.path("stonegate"), arguments, environment: ["HOME": home.path, "PATH": "/usr/bin:/bin"])
    }

    private func gatecall(_ arguments: [String], _ gateway: GatewayProcess, input: String = "") async throws -> Run {
        try await Program.run(
            Products.path("gatecall"), arguments, input: input,
            environment: [
                "HOME": gateway.directory.path, "PATH": "/usr/bin:/bin", "GATECALL_URL": gateway.baseURL,
            ])
    }

    @Test func checkOfAGoodFile() async throws {
        let directory = try TemporaryDirectory()
        let config = try directory.write(
            "[server]\nport = 4000\n\n[[backends]]\nname = \"time\"\ncommand = \"uvx\"\nenv = { KEY = \"hush\" }\n",
            to: "config.toml")
        let run = try await stonegate(["check", "--config", config], home: directory)
        #expect(run.exit == .code(0), "\(run.errors)")
        #expect(run.output.contains("port = 4000"))
        #expect(run.output.contains("name = \"time\""))
        #expect(!run.output.contains("hush"), "secrets are hidden")
    }

    @Test func checkOfABadFileNamesEveryLine() async throws {
        let directory = try TemporaryDirectory()
        let config = try directory.write(
            "[server]\nprot = 4000\n\n[[backends]]\nname = \"a b\"\ncommand = \"uvx\"\n\n[gateway]\nrequest_timeout = 0\n",
            to: "config.toml")
        let run = try await stonegate(["check", "--config", config], home: directory)
        #expect(run.exit == .code(78))
        #expect(run.errors.contains("config.toml:2:1: server.prot: unknown key; did you mean 'port'?"))
        #expect(run.errors.contains("config.toml:5:1: backends[0].name"), "\(run.errors)")
        #expect(run.errors.contains("config.toml:9:1: gateway.request_timeout"), "\(run.errors)")
        #expect(run.errors.contains("3 problems."))
        let json = try await stonegate(["check", "--json", "--config", config], home: directory)
        #expect(json.exit == .code(78))
        let problems = try JSONValue(parsing: json.output)["problems"]?.arrayValue ?? []
        #expect(problems.map { $0["line"]?.intValue } == [2, 5, 9])
    }

    @Test func tokenShow() async throws {
        let gateway = try await GatewayProcess.start()
        let run = try await stonegate(
            ["token", "show", "--data-dir", gateway.dataDirectory], home: gateway.directory)
        #expect(run.exit == .code(0))
        #expect(run.output == gateway.adminToken)
        let none = try await stonegate(["token", "show"], home: gateway.directory)
        #expect(none.exit == .code(1))
        #expect(none.errors.contains("`stonegate serve` makes it at its first start"))
    }

    @Test func status() async throws {
        let gateway = try await GatewayProcess.start(Backends.fake("one"))
        try await gateway.running(["one"])
        let run = try await stonegate(["status", "--url", gateway.baseURL], home: gateway.directory)
        #expect(run.exit == .code(0))
        #expect(run.output.contains("at \(gateway.baseURL): ok"), "\(run.output)")
        #expect(run.output.contains("1 of 1 server healthy"), "\(run.output)")
        #expect(run.output.split(separator: "\n").contains { $0.contains("one") && $0.contains("running") })
        let configured = try await stonegate(
            ["status", "--json", "--config", gateway.directory.file("config.toml")], home: gateway.directory)
        #expect(configured.exit == .code(0))
        #expect(try JSONValue(parsing: configured.output)["health"]?["status"] == "ok")
        try await gateway.stop()
        let gone = try await stonegate(["status", "--url", gateway.baseURL], home: gateway.directory)
        #expect(gone.exit == .code(3))
        #expect(gone.errors.contains("GATEWAY_UNREACHABLE"))
    }

    @Test func aBrokenServerIsExplainedOnceAndASleepingOneNotAtAll() async throws {
        let lazy = try Backends.fake("lazy").replacing(
            "env = {  }", with: "env = {}\nstart = \"lazy\"\nidle_timeout = 1")
        let gateway = try await GatewayProcess.start(lazy + Backends.stdio("broken", "/bin/false"))
        try await gateway.log("[broken] server is crash_looping")
        try await gateway.log("[lazy] server is stopped: idle")
        let shown = try await stonegate(["status", "--url", gateway.baseURL], home: gateway.directory)
        #expect(shown.exit == .code(0))
        #expect(shown.output.ranges(of: "exit code 1").count == 1, "\(shown.output)")
        #expect(shown.output.contains("gatecall server restart broken"))
        #expect(!shown.output.contains("lazy: "))
        #expect(try await gateway.stop() == .code(0))
    }

    @Test func aFileThatCannotBeReadIsNamedAndNotTheWrongDirectory() async throws {
        let home = try TemporaryDirectory()
        let file = try home.write("[server]\nport = 1\nx =\n", to: "broken.toml")
        for command in ["reload", "stop"] {
            let run = try await stonegate([command, "--config", file], home: home)
            #expect(run.exit == .code(78))
            #expect(run.errors.contains("broken.toml:3:"))
            #expect(run.errors.contains("--data-dir"))
        }
    }

    @Test func gatecallShowsAndCalls() async throws {
        let gateway = try await GatewayProcess.start(arguments: ["--demo"])
        try await gateway.running(["demo"])
        let tools = try await gatecall(["tools"], gateway)
        #expect(tools.exit == .code(0))
        #expect(tools.output.split(separator: "\n").contains { $0.hasPrefix("demo/echo") })
        let found = try await gatecall(["discover", "what", "time", "is", "it"], gateway)
        #expect(found.exit == .code(0))
        #expect(found.output.contains("demo/"))
        let schema = try await gatecall(["schema", "demo/echo"], gateway)
        #expect(schema.exit == .code(0))
        #expect(schema.output.split(separator: "\n").contains { $0.hasPrefix("text") && $0.contains("string") })
        let call = try await gatecall(["call", "demo/echo", "text=hello there"], gateway)
        #expect(call.exit == .code(0))
        #expect(call.output == "hello there")
        let raw = try await gatecall(
            ["call", "demo/echo", "-", "--output", "raw"], gateway, input: #"{"text":"from stdin"}"#)
        #expect(raw.output == "from stdin")
        let json = try await gatecall(["call", "demo/echo", "text=x", "--output", "json"], gateway)
        #expect(try JSONValue(parsing: json.output)["server"] == "demo")
        #expect(try await gatecall(["servers"], gateway).output.contains("running"))
        #expect(try await gatecall(["health"], gateway).output.contains("1 of 1 healthy"))
        let stats = try await gatecall(["stats", "--json"], gateway)
        #expect(try JSONValue(parsing: stats.output)["total_calls"] == 3)
    }

    @Test func gatecallExitCodesTellFailuresApart() async throws {
        let gateway = try await GatewayProcess.start(
            "[gateway]\nrequest_timeout = 300\n\n" + Backends.fake("one"))
        try await gateway.running(["one"])
        let failed = try await gatecall(["call", "one/fail", "message=no luck"], gateway)
        #expect(failed.exit == .code(1))
        #expect(failed.errors.contains("gatecall: the tool failed: no luck"))
        #expect(failed.output.isEmpty)
        let unknown = try await gatecall(["call", "one/nothing"], gateway)
        #expect(unknown.exit == .code(2))
        #expect(unknown.errors.contains("TOOL_NOT_FOUND"))
        let slow = try await gatecall(["call", "one/hang"], gateway)
        #expect(slow.exit == .code(4))
        #expect(slow.errors.contains("The request was sent; it may have been carried out."), "\(slow.errors)")
        #expect(try await gatecall(["call", "one/echo", "not-a-pair"], gateway).exit == .code(64))
        try await gateway.stop()
        let gone = try await gatecall(["tools"], gateway)
        #expect(gone.exit == .code(3))
        #expect(gone.errors.contains(gateway.baseURL))
    }

    @Test func gatecallLooksAfterServers() async throws {
        let gateway = try await GatewayProcess.start()
        let token = ["--data-dir", gateway.dataDirectory]
        let refused = try await gatecall(["server", "add", "x", "--", "true"], gateway)
        #expect(refused.exit == .code(2))
        #expect(refused.errors.contains("ADMIN_REQUIRED"))
        #expect(refused.errors.contains("stonegate token show"))
        let added = try await gatecall(
            ["server", "add", "mine"] + token + ["--", Products.path("fakemcp"), "--prefix", "p_"], gateway)
        #expect(added.exit == .code(0), "\(added.errors)")
        try await gateway.running(["mine"])
        #expect(try await gatecall(["call", "mine/p_echo", "text=yes"], gateway).output == "yes")
        let mark = gateway.logged
        #expect(try await gatecall(["server", "restart", "mine"] + token, gateway).exit == .code(0))
        try await gateway.running(["mine"], from: mark)
        #expect(try await gatecall(["server", "remove", "mine"] + token, gateway).output == "mine is removed.")
        #expect(try await gateway.names().isEmpty)
    }
}
