import GateProtocol
import GateTestKit
import Testing

/// `stonegate stop`, `reload` and `status`: finding the running gateway, and saying why not.
@Suite(.serialized) struct StopTests {
    @Test func stopWaitsForTheEnd() async throws {
        let directory = try TemporaryDirectory()
        let ledger = try await Pipe.reading(directory.file("ledger"))
        let gateway = try await GatewayProcess.start(Backends.fake("one", ["--ledger", ledger.path]))
        try await gateway.running(["one"])
        async let call = gateway.call("one", "sleep", ["ms": 1500, "key": "in flight"])
        try await ledger.line("in flight")
        let run = try await gateway.command(["stop"])
        #expect(run.exit == .code(0), "\(run.errors)")
        #expect(run.output == "The gateway (process \(gateway.program.pid)) has ended.")
        #expect(try await call.text == "slept 1500 ms")
        #expect(try await gateway.program.exit(within: .seconds(5)) == .code(0))
        let again = try await gateway.command(["stop", "--json"])
        #expect(again.exit == .code(3))
        #expect(try JSONValue(parsing: again.output)["code"] == "GATEWAY_UNREACHABLE")
    }

    @Test func stopInJSONAndWithoutWaiting() async throws {
        let gateway = try await GatewayProcess.start()
        let run = try await gateway.command(["stop", "--json", "--timeout", "0"])
        #expect(run.exit == .code(0), "\(run.errors)")
        let answer = try JSONValue(parsing: run.output)
        #expect(answer["ok"] == true)
        #expect(answer["ended"] == false)
        #expect(answer["pid"]?.intValue == Int(gateway.program.pid))
        #expect(answer["url"] == .string(gateway.baseURL))
        #expect(try await gateway.program.exit() == .code(0))
    }

    @Test func stopThatTakesTooLongSaysSo() async throws {
        let directory = try TemporaryDirectory()
        let ledger = try await Pipe.reading(directory.file("ledger"))
        let gateway = try await GatewayProcess.start(Backends.fake("one", ["--ledger", ledger.path]))
        try await gateway.running(["one"])
        async let call = gateway.call("one", "hang", ["key": "hanging"])
        try await ledger.line("hanging")
        let run = try await gateway.command(["stop", "--timeout", "1"])
        #expect(run.exit == .code(1))
        #expect(run.errors.contains("still runs after 1 s"), "\(run.errors)")
        gateway.program.signal(15)
        #expect(try await gateway.program.exit() == .code(130))
        _ = try? await call
    }

    @Test(arguments: ["stop", "reload"]) func noGatewayIsSaidInWords(_ command: String) async throws {
        let home = try TemporaryDirectory()
        let run = try await Program.run(
            Products.path("stonegate"), [command], environment: ["HOME": home.path, "PATH": "/usr/bin:/bin"])
        #expect(run.exit == .code(3))
        #expect(run.errors.contains("No gateway runs with the data directory \(home.path)/.stonegate"), "\(run.errors)")
        #expect(run.errors.contains("stonegate serve"))
        #expect(run.errors.contains("--data-dir"))
    }

    @Test func withoutTheTokenNothingIsDone() async throws {
        let gateway = try await GatewayProcess.start()
        try gateway.directory.write("wrong\n", to: "data/admin.token")
        for command in ["stop", "reload"] {
            let run = try await gateway.command([command])
            #expect(run.exit == .code(1))
            #expect(run.errors.contains("ADMIN_REQUIRED"), "\(run.errors)")
        }
        #expect(try await Program.run("/bin/rm", [gateway.adminTokenFile]).exit == .code(0))
        let run = try await gateway.command(["stop"])
        #expect(run.exit == .code(1))
        #expect(run.errors.contains("no admin token that you can read in \(gateway.dataDirectory)"), "\(run.errors)")
        #expect(try await gateway.get("/health").status == 200)
        #expect(try await gateway.stop() == .code(0))
    }

    @Test func aGatewayThatDoesNotAnswerIsNamed() async throws {
        let gateway = try await GatewayProcess.start()
        // Its own account of where it is counts more than the configuration: a lock that leads nowhere is a gateway that is stuck.
        let nowhere = try Sockets.freePort()
        try gateway.directory.write(
            #"{"pid":\#(gateway.program.pid),"since":1795563011,"url":"http://127.0.0.1:\#(nowhere)"}"#, to: "data/lock"
        )
        let run = try await gateway.command(["stop"])
        #expect(run.exit == .code(3))
        #expect(run.errors.contains("does not answer at http://127.0.0.1:\(nowhere)"), "\(run.errors)")
        #expect(run.errors.contains("kill \(gateway.program.pid)"), "\(run.errors)")
        #expect(try await gateway.stop() == .code(0))
    }

    /// The file names the data directory and has been broken since the start: the gateway is found all the same.
    @Test func commandsFindTheGatewayWhateverItsFileHolds() async throws {
        let gateway = try await GatewayProcess.start()
        try gateway.rewriteConfig("", server: "prot = 1")
        let environment = ["HOME": gateway.directory.path, "PATH": "/usr/bin:/bin"]
        func run(_ command: String) async throws -> (exit: Program.Exit, output: String, errors: String) {
            try await Program.run(
                Products.path("stonegate"), [command, "--config", gateway.configFile], environment: environment)
        }
        let reload = try await run("reload")
        #expect(reload.exit == .code(78))
        #expect(reload.errors.contains("server.prot: unknown key; did you mean 'port'?"), "\(reload.errors)")
        let status = try await run("status")
        #expect(status.exit == .code(0))
        #expect(status.output.contains(gateway.baseURL), "\(status.output)")
        #expect(try await run("stop").exit == .code(0))
        #expect(try await gateway.program.exit() == .code(0))
    }

    /// A gateway that was told another port by a flag is found where it is.
    @Test func theLockSaysWhereItIs() async throws {
        let gateway = try await GatewayProcess.start()
        try gateway.rewriteConfig("", port: try Sockets.freePort())
        let status = try await gateway.command(["status", "--config", gateway.configFile])
        #expect(status.exit == .code(0), "\(status.errors)")
        #expect(status.output.contains(gateway.baseURL))
        #expect(try await gateway.command(["stop", "--config", gateway.configFile]).exit == .code(0))
    }

    @Test func theSecondGatewayIsToldOfTheFirst() async throws {
        let gateway = try await GatewayProcess.start()
        let run = try await gateway.command(["serve", "--port", "\(Sockets.freePort())"])
        #expect(run.exit == .code(75))
        #expect(run.errors.contains("process \(gateway.program.pid), since 20"), "\(run.errors)")
        #expect(run.errors.contains(gateway.baseURL))
        #expect(run.errors.contains("`stonegate stop --data-dir \(gateway.dataDirectory)`"))
        #expect(run.errors.contains("server.data_dir"))
        #expect(!run.errors.contains("listening on"))
        #expect(try await gateway.get("/health").status == 200)
        // The advice works, and then the second one starts.
        #expect(try await gateway.command(["stop"]).exit == .code(0))
        let second = try await GatewayProcess.start(directory: gateway.directory)
        #expect(try await second.stop() == .code(0))
    }
}
