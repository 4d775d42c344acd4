import GateProtocol
import GateTestKit
import Testing

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Starting and stopping `stonegate serve`.
@Suite(.serialized) struct ServeTests {
    @Test func secondGatewayOnTheSameDataIsRefused() async throws {
        let gateway = try await GatewayProcess.start()
        let run = try await Program.run(
            Products.path("stonegate"),
            ["serve", "--port", "\(Sockets.freePort())", "--data-dir", gateway.dataDirectory],
            environment: ["HOME": gateway.directory.path, "PATH": "/usr/bin:/bin"])
        #expect(run.exit == .code(75))
        #expect(run.errors.contains(gateway.dataDirectory), "\(run.errors)")
        #expect(try await gateway.get("/health").status == 200)
    }

    @Test func portInUseIsSaidInWords() async throws {
        let gateway = try await GatewayProcess.start()
        let other = try TemporaryDirectory()
        let run = try await Program.run(
            Products.path("stonegate"), ["serve", "--port", "\(gateway.port)", "--data-dir", other.file("data")],
            environment: ["HOME": other.path, "PATH": "/usr/bin:/bin"])
        #expect(run.exit == .code(1))
        #expect(run.errors.contains("\(gateway.port)"), "\(run.errors)")
        #expect(run.errors.contains("in use"), "\(run.errors)")
        #expect(!run.errors.contains("listening on"))
    }

    @Test func brokenConfigurationIsSaidWithItsLine() async throws {
        let directory = try TemporaryDirectory()
        let config = try directory.write("[server]\nprot = 1\n", to: "config.toml")
        let run = try await Program.run(Products.path("stonegate"), ["serve", "--config", config])
        #expect(run.exit == .code(78))
        #expect(run.errors.contains("config.toml:2:1: server.prot: unknown key; did you mean 'port'?"))
    }

    /// Each is refused before anything listens, with the command that mends it.
    @Test(arguments: ["configuration", "token", "directory"]) func secretsThatOthersCanReadKeepItFromStarting(
        _ what: String
    ) async throws {
        let directory = try TemporaryDirectory()
        let text = """
            [[backends]]
            name = "b"
            command = "/bin/cat"
            enabled = false
            env = { KEY = "in the clear" }
            """
        let config = try directory.write(text, to: "config.toml")
        let data = directory.file("data")
        #expect(mkdir(data, 0o700) == 0)
        let token = try directory.write("x", to: "data/admin.token")
        let mended =
            switch what {
            case "configuration": ("chmod 600 \(config)", config)
            case "token": ("chmod 600 \(token)", token)
            default: ("chmod 700 \(data)", data)
            }
        // With a file that no gateway puts there it may be anybody's.
        if what == "directory" {
            try FileManager.default.removeItem(atPath: token)
            try directory.write("", to: "data/letter")
        }
        #expect(chmod(mended.1, what == "directory" ? 0o750 : 0o640) == 0)
        let run = try await Program.run(
            Products.path("stonegate"),
            ["serve", "--config", config, "--port", "\(Sockets.freePort())", "--data-dir", data],
            environment: ["HOME": directory.path, "PATH": "/usr/bin:/bin"])
        #expect(run.exit == .code(78))
        #expect(run.errors.contains(mended.0), "\(run.errors)")
        #expect(!run.errors.contains("in the clear"))
    }

    @Test func aDataDirectoryOfItsOwnIsClosedToOthersWithALineInTheLog() async throws {
        let directory = try TemporaryDirectory()
        #expect(mkdir(directory.file("data"), 0o755) == 0)
        #expect(chmod(directory.file("data"), 0o755) == 0)
        let gateway = try await GatewayProcess.start(directory: directory)
        try await gateway.log("\(gateway.dataDirectory) could be entered by other users of this machine; it is closed")
        var status = stat()
        #expect(stat(gateway.dataDirectory, &status) == 0 && status.st_mode & 0o777 == 0o700)
        #expect(try await gateway.stop() == .code(0))
    }

    @Test(arguments: [15, 2]) func signalLetsCallsInFlightFinish(_ signal: Int32) async throws {
        let directory = try TemporaryDirectory()
        let ledger = try await Pipe.reading(directory.file("ledger"))
        let gateway = try await GatewayProcess.start(
            Backends.fake("one", ["--ledger", ledger.path, "--evil", "fork-grandchild"]) + Backends.fake("two"))
        try await gateway.running(["one", "two"])
        let identity = try await gateway.call("one", "whoami").json["result"]?["structuredContent"]
        let pids = try #require(
            [
                identity?["pid"]?.intValue, identity?["grandchild"]?.intValue,
                try await gateway.server("two")["pid"]?.intValue,
            ].compactMap { $0 } as [Int]?)
        #expect(pids.count == 3)
        async let answer = gateway.call("one", "sleep", ["ms": 400, "key": "in flight"])
        try await ledger.line("in flight")
        gateway.program.signal(signal)
        #expect(try await answer.text == "slept 400 ms")
        #expect(try await gateway.program.exit() == .code(0))
        for pid in pids { #expect(try await Processes.gone(pid), "process \(pid) is left") }
    }
}
