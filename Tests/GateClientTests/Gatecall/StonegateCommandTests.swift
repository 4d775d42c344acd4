import GateProtocol
import GateTestKit
import Testing

/// The small commands of `stonegate`.
@Suite struct StonegateCommandTests {
    private func run(
        _ arguments: [String], home: TemporaryDirectory
    ) async throws -> (exit: Program.Exit, output: String, errors: String) {
        try await Program.run(
            Products.path("stonegate"), arguments, environment: ["HOME": home.path, "PATH": "/usr/bin:/bin"])
    }

    @Test func checkPrintsWhatIsInForce() async throws {
        let home = try TemporaryDirectory()
        let none = try await run(["check"], home: home)
        #expect(none.exit == .code(0))
        #expect(none.output.contains("port = 3393"))
        #expect(none.errors.contains("no configuration file"))
        let path = try home.write(
            "[server]\nport = 4000\n[[backends]]\nname = \"a\"\ncommand = \"ls\"\nenv = { KEY = \"hidden\" }\n",
            to: "c.toml")
        let json = try await run(["check", "--json", "--config", path], home: home)
        let value = try JSONValue(parsing: json.output)
        #expect(value["server"]?["port"] == 4000)
        #expect(!json.output.contains("hidden"))
        // What is printed is a configuration again.
        let toml = try await run(["check", "--config", path], home: home)
        let again = try home.write(toml.output, to: "again.toml")
        #expect(try await run(["check", "--config", again], home: home).output == toml.output)
    }

    @Test func checkPrintsAllProblems() async throws {
        let home = try TemporaryDirectory()
        let path = try home.write("[server]\nprot = 1\nport = \"x\"\n", to: "c.toml")
        let people = try await run(["check", "--config", path], home: home)
        #expect(people.exit == .code(78))
        #expect(people.errors.contains("\(path):2:1: server.prot: unknown key; did you mean 'port'?"))
        #expect(people.errors.hasSuffix("2 problems."))
        let scripts = try await run(["check", "--json", "--config", path], home: home)
        #expect(scripts.exit == .code(78))
        let problems = try #require(try JSONValue(parsing: scripts.output)["problems"]?.arrayValue)
        #expect(problems.map { $0["line"] } == [2, 3])
    }

    @Test func tokenIsFoundInTheDataDirectory() async throws {
        let home = try TemporaryDirectory()
        let missing = try await run(["token", "show"], home: home)
        #expect(missing.exit == .code(1))
        #expect(missing.errors.contains("stonegate serve"))
        try home.write("abc\n", to: "admin.token")
        #expect(try await run(["token", "show", "--data-dir", home.path], home: home).output == "abc")
        let path = try await run(["token", "path"], home: home)
        #expect(path.output == home.file(".stonegate/admin.token"))
    }

    @Test func status() async throws {
        let home = try TemporaryDirectory()
        let server = try ScriptedServer { request in
            request.path == "/health"
                ? .ok(#"{"status":"ok","version":"9","uptime_seconds":61,"backends_total":2,"backends_healthy":2}"#)
                : .ok(#"{"servers":[]}"#)
        }
        let people = try await run(["status", "--url", server.url], home: home)
        #expect(people.exit == .code(0))
        #expect(people.output.hasPrefix("stonegate 9 at \(server.url): ok, up for 1m 1s, 2 of 2 servers healthy"))
        let scripts = try await run(["status", "--url", server.url, "--json"], home: home)
        #expect(try JSONValue(parsing: scripts.output)["health"]?["version"] == "9")
        let port = try Sockets.freePort()
        let path = try home.write("[server]\nport = \(port)\n", to: "c.toml")
        #expect(try await run(["status", "--config", path], home: home).exit == .code(3))
    }
}
