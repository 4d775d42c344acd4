import GateProtocol
import GateTestKit
import Testing

/// Taking over a changed configuration while the gateway runs.
@Suite(.serialized) struct ReloadTests {
    private func config(_ names: [String], changed: [String] = []) throws -> String {
        try names.map { try Backends.fake($0, changed.contains($0) ? ["--tools", "3"] : []) }.joined()
    }

    @Test(arguments: [true, false]) func aChangedFileIsTakenOver(_ isReplaced: Bool) async throws {
        let gateway = try await GatewayProcess.start(config(["stays", "changes", "goes"]))
        try await gateway.running(["stays", "changes", "goes"])
        let pids = try await (stays: gateway.pid("stays"), changes: gateway.pid("changes"), goes: gateway.pid("goes"))
        let names = try await gateway.names()
        let mark = gateway.logged

        let new = try config(["stays", "changes", "comes"], changed: ["changes"])
        if isReplaced { try gateway.replaceConfig(new) } else { try gateway.rewriteConfig(new) }
        let line = try await gateway.log("configuration reloaded", from: mark)
        #expect(line.contains("added comes; removed goes; changed changes"), "\(line)")
        try await gateway.running(["changes", "comes"], from: mark)

        #expect(try await gateway.pid("stays") == pids.stays)
        #expect(try await gateway.pid("changes") != pids.changes)
        #expect(try await Processes.gone(pids.changes, within: .seconds(20)))
        #expect(try await Processes.gone(pids.goes, within: .seconds(20)))
        #expect(try await gateway.call("goes", "echo").json["code"] == "SERVER_NOT_FOUND")
        #expect(try await gateway.call("comes", "echo", ["text": "here"]).text == "here")
        #expect(try await gateway.call("changes", "tool_3").status == 200)
        let after = try await gateway.names()
        for (tool, name) in names where !tool.hasPrefix("goes/") { #expect(after[tool] == name, "\(tool)") }
        #expect(try await gateway.stop() == .code(0))
    }

    /// A link to a file elsewhere: the file is edited where it is, and then the link is led elsewhere.
    @Test func aLinkedFileIsWatchedWhereItIs() async throws {
        let gateway = try await GatewayProcess.start(config(["one"]))
        try await gateway.running(["one"])
        let text = try #require(gateway.directory.read("config.toml"))
        let (first, second) = (try TemporaryDirectory(), try TemporaryDirectory())
        func link(to target: String) async throws {
            let run = try await Program.run(
                "/bin/sh", ["-c", #"ln -s "$0" "$1.link" && mv -f "$1.link" "$1""#, target, gateway.configFile])
            #expect(run.exit == .code(0), "\(run.errors)")
        }
        var mark = gateway.logged
        try await link(to: try first.write(text + config(["two"]), to: "real.toml"))
        #expect(try await gateway.log("configuration reloaded", from: mark).contains("added two"))
        mark = gateway.logged
        try first.write(text + config(["three"]), to: "real.toml")
        #expect(try await gateway.log("configuration reloaded", from: mark).contains("added three; removed two"))
        mark = gateway.logged
        try await link(to: try second.write(text, to: "other.toml"))
        #expect(try await gateway.log("configuration reloaded", from: mark).contains("removed three"))
        #expect(try await gateway.stop() == .code(0))
    }

    /// The default place: nothing is there at the start, and a file that comes later is taken.
    @Test func aFileThatComesLaterIsTaken() async throws {
        let home = try TemporaryDirectory()
        let port = try Sockets.freePort()
        let program = try Program(
            Products.path("stonegate"), ["serve", "--port", "\(port)"],
            environment: ["HOME": home.path, "PATH": "/usr/bin:/bin"])
        _ = try await program.errors.first { $0.contains("listening on") }
        try home.write(config(["one"]), to: ".stonegate/config.toml")
        _ = try await program.errors.first { $0.contains("configuration reloaded: added one") }
        // It is in force from now on, so that its end is not taken for "no backends".
        #expect(try await Program.run("/bin/rm", [home.file(".stonegate/config.toml")]).exit == .code(0))
        _ = try await program.errors.first { $0.contains("config.toml: the file is gone") }
        let list = try JSONReply(await HTTP.get(port: port, "/server/list")).json
        #expect(list["total"] == 1)
        #expect(try await program.stop() == .code(0))
    }

    @Test func hangUpReloadsAndAnUntouchedFileChangesNothing() async throws {
        let gateway = try await GatewayProcess.start(config(["one"]))
        try await gateway.running(["one"])
        let pid = try await gateway.pid("one")
        let mark = gateway.logged
        gateway.program.signal(1)
        #expect(try await gateway.log("configuration reloaded", from: mark).contains("nothing to change"))
        #expect(try await gateway.pid("one") == pid)
        #expect(try await gateway.stop() == .code(0))
    }

    @Test func callsInFlightFinishWhileNewOnesGoToTheNewServer() async throws {
        let directory = try TemporaryDirectory()
        let ledger = try await Pipe.reading(directory.file("ledger"))
        func config(_ flags: [String], goes: Bool) throws -> String {
            try Backends.fake("changes", ["--ledger", ledger.path] + flags)
                + (goes ? Backends.fake("goes", ["--ledger", ledger.path]) : "")
        }
        let gateway = try await GatewayProcess.start(config([], goes: true))
        try await gateway.running(["changes", "goes"])
        let old = try await gateway.pid("changes")
        let gone = try await gateway.pid("goes")
        async let first = gateway.call("changes", "sleep", ["ms": 1500, "key": "call one"])
        async let second = gateway.call("goes", "sleep", ["ms": 1500, "key": "call two"])
        try await ledger.line("call one")
        try await ledger.line("call two")
        try gateway.replaceConfig(try config(["--tools", "1"], goes: false))
        let report = try await gateway.reload()
        #expect(report.texts("changed") == ["changes"])
        #expect(report.texts("removed") == ["goes"])
        // The old ones still work while nobody new comes to them.
        let identity = try await gateway.call("changes", "whoami").json["result"]?["structuredContent"]
        #expect(identity?["pid"]?.intValue != old)
        #expect(try await gateway.call("goes", "echo").json["code"] == "SERVER_NOT_FOUND")
        #expect(try await first.text == "slept 1500 ms")
        #expect(try await second.text == "slept 1500 ms")
        #expect(try await Processes.gone(old, within: .seconds(20)))
        #expect(try await Processes.gone(gone, within: .seconds(20)))
        #expect(try await gateway.stop() == .code(0))
    }

    @Test func aCallThatDoesNotEndIsEndedInTime() async throws {
        let directory = try TemporaryDirectory()
        let ledger = try await Pipe.reading(directory.file("ledger"))
        let limits = "[limits]\ndrain_timeout = 1\n"
        let gateway = try await GatewayProcess.start(limits + Backends.fake("goes", ["--ledger", ledger.path]))
        try await gateway.running(["goes"])
        let pid = try await gateway.pid("goes")
        async let call = gateway.call("goes", "hang", ["key": "hanging"])
        try await ledger.line("hanging")
        try gateway.replaceConfig(limits)
        #expect(try await gateway.reload().texts("removed") == ["goes"])
        let reply = try await call
        #expect(reply.json["sent"] == true, "\(reply.json.text)")
        #expect(reply.status >= 500)
        #expect(try await Processes.gone(pid, within: .seconds(20)))
        #expect(try await gateway.stop() == .code(0))
    }

    @Test func whatIsWrongChangesNothingAndIsSaid() async throws {
        let gateway = try await GatewayProcess.start(config(["one"]))
        try await gateway.running(["one"])
        let pid = try await gateway.pid("one")
        func refused(_ words: String) async throws {
            let people = try await gateway.command(["reload"])
            #expect(people.exit == .code(78), "\(people.errors)")
            #expect(people.errors.contains(words), "\(people.errors)")
            let scripts = try await gateway.command(["reload", "--json"])
            #expect(scripts.exit == .code(78))
            let error = try JSONValue(parsing: scripts.output)
            #expect(error["code"] == "CONFIG_INVALID")
            let problems = error["detail"]?["problems"]?.arrayValue ?? []
            let messages = problems.compactMap { $0["message"]?.stringValue }
            #expect(!messages.isEmpty && messages.allSatisfy { error["error"]?.stringValue?.contains($0) == true })
            #expect(problems.allSatisfy { $0["file"] == .string(gateway.configFile) })
            #expect(try await gateway.pid("one") == pid)
            #expect(try await gateway.call("one", "echo", ["text": "still"]).text == "still")
        }
        let mark = gateway.logged
        try gateway.rewriteConfig("[[backends]]\nname = \"one\"\ncomand = \"x\"\n")
        let place = "\(gateway.configFile):9:1: backends[0].comand: unknown key; did you mean 'command'?"
        try await gateway.log(place, from: mark)
        try await gateway.log("nothing was changed", from: mark)
        try await refused(place)
        // Half a file.
        let whole = try #require(gateway.directory.read("config.toml"))
        try gateway.directory.write(String(whole.dropLast(8)), to: "config.toml")
        #expect(try await gateway.command(["reload"]).exit == .code(78))
        try gateway.directory.write("", to: "config.toml")
        try await refused("\(gateway.configFile): the file is empty")
        let removed = try await Program.run("/bin/rm", [gateway.configFile])
        #expect(removed.exit == .code(0))
        let gone = try await gateway.command(["reload"])
        #expect(gone.exit == .code(78))
        #expect(gone.errors.contains("there is no such file"), "\(gone.errors)")
        #expect(try await gateway.pid("one") == pid)
        // And mended again.
        let mended = gateway.logged
        try gateway.replaceConfig(try config(["one", "two"]))
        #expect(try await gateway.log("configuration reloaded", from: mended).contains("added two"))
        #expect(try await gateway.pid("one") == pid)
        #expect(try await gateway.stop() == .code(0))
    }

    @Test func serversAddedAtRunTimeStayAndKeepTheirNames() async throws {
        let gateway = try await GatewayProcess.start(config(["one"]))
        let body: JSONValue = ["name": "mine", "command": .string(try Products.path("fakemcp")), "args": []]
        #expect(try await gateway.admin("POST", "/server/add", json: body.text).status == 201)
        try await gateway.running(["one", "mine"])
        let mine = try await gateway.pid("mine")
        try gateway.replaceConfig(try config(["two", "Mine"]))
        let refused = try await gateway.command(["reload"])
        #expect(refused.exit == .code(78))
        #expect(refused.errors.contains("backends[1].name: a server of the name 'mine', which"), "\(refused.errors)")
        #expect(refused.errors.contains("gatecall server remove mine"))
        #expect(refused.errors.contains("config.toml:13:1: "), "\(refused.errors)")
        #expect(
            Set(
                try await gateway.json("/server/list")["servers"]?.arrayValue?.compactMap { $0["name"]?.stringValue }
                    ?? []) == ["one", "mine"])
        try gateway.replaceConfig(try config(["two"]))
        let report = try await gateway.reload()
        #expect(report.texts("unchanged").contains("mine"))
        #expect(try await gateway.pid("mine") == mine)
        #expect(try await gateway.stop() == .code(0))
    }

    @Test func whatNeedsARestartIsSaid() async throws {
        let gateway = try await GatewayProcess.start(config(["one"]))
        try await gateway.running(["one"])
        let pid = try await gateway.pid("one")
        try gateway.replaceConfig(try config(["one"]), port: try Sockets.freePort())
        let people = try await gateway.command(["reload"])
        #expect(people.exit == .code(0))
        #expect(
            people.output.contains("Takes effect at the next start of the gateway: server.port"), "\(people.output)")
        #expect(try await gateway.reload().texts("needs_restart") == ["server.port"])
        let inForce = try JSONReply(await gateway.admin("GET", "/config")).json
        #expect(inForce["server"]?["port"]?.intValue == Int(gateway.port))
        #expect(try await gateway.pid("one") == pid)
        // A setting that shapes every backend replaces them.
        let mark = gateway.logged
        try gateway.replaceConfig("[gateway]\nrequest_timeout = 1234\n" + config(["one"]))
        let report = try await gateway.reload()
        #expect(report.texts("applied") == ["gateway.request_timeout"])
        #expect(report.texts("changed") == ["one"])
        try await gateway.running(["one"], from: mark)
        #expect(try await gateway.pid("one") != pid)
        #expect(try JSONReply(await gateway.admin("GET", "/config")).json["gateway"]?["request_timeout"] == 1234)
        #expect(try await gateway.stop() == .code(0))
    }

    @Test func toolsOfAChangedServerStayListedUntilItHasListed() async throws {
        let directory = try TemporaryDirectory()
        let gate = try await Pipe.gate(directory.file("gate"))
        let script = try directory.write(
            "read go <\"\(gate.path)\"\nexec \"\(Products.path("fakemcp"))\" --name slow --tools 2\n", to: "server.sh")
        let gateway = try await GatewayProcess.start(config(["slow"]))
        try await gateway.running(["slow"])
        let known = try await gateway.names()
        try gateway.replaceConfig(Backends.stdio("slow", "/bin/sh", [script]))
        #expect(try await gateway.reload().texts("changed") == ["slow"])
        #expect(try await gateway.names() == known)
        #expect(try await gateway.server("slow")["catalog_stale"] == true)
        async let waiting = gateway.call("slow", "tool_2")
        let mark = gateway.logged
        try await gate.open()
        try await gateway.running(["slow"], from: mark)
        #expect(try await gateway.server("slow")["catalog_stale"] == nil)
        #expect(try await gateway.names()["slow/tool_2"] == "tool_2")
        #expect(try await gateway.names().filter { known[$0.key] != nil } == known)
        _ = try? await waiting
        // Disabled, it offers nothing; enabled again, everything has its name again.
        try gateway.replaceConfig(Backends.stdio("slow", "/bin/sh", [script]) + "enabled = false\n")
        #expect(try await gateway.reload().texts("changed") == ["slow"])
        #expect(try await gateway.names() == [:])
        #expect(try await gateway.stop() == .code(0))
    }
}
