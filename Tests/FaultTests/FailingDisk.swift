#if canImport(Glibc)
    import GateProtocol
    import GateTestKit
    import Glibc
    import Testing

    /// F-17, F-18 and F-19: what the disk and the clock may do to accepted calls.
    extension FaultTests {
        private struct Bench {
            let gateway: GatewayProcess
            let shim: FaultShim
            let directory: TemporaryDirectory
            let head: String
            let backends: [BackendText]

            var client: AsyncClient { AsyncClient(gateway: gateway) }

            /// The same data without the shim.
            func restarted() async throws -> GatewayProcess {
                gateway.program.signal(SIGTERM)
                _ = try await gateway.program.exit()
                return try await GatewayProcess.start(head + backends.text, directory: gateway.directory)
            }
        }

        private func bench(_ head: String = "") async throws -> Bench {
            let directory = try TemporaryDirectory()
            let data = try TemporaryDirectory()
            let shim = try await FaultShim(directory, prefix: data.path + "/data/")
            let backends = [try BackendText(fake: "b", ["--ledger", directory.file("ledger")])]
            let gateway = try await GatewayProcess.start(
                head + backends.text, directory: data, launcher: shim.launcher)
            try await gateway.running(["b"])
            return Bench(gateway: gateway, shim: shim, directory: directory, head: head, backends: backends)
        }

        // MARK: F-18

        @Test(arguments: [FaultShim.Class.write, .sync, .rename])
        func f18NoFailedSystemCallLosesAnAcceptedCall(which: FaultShim.Class) async throws {
            var (runs, made, refused) = (0, 0, 0)
            for code in [EIO, ENOSPC, EINTR, 0] {
                // SQLite and the kernel never see an interrupted fsync or rename, and only a write can be short.
                if code == EINTR || code == 0, which != .write { continue }
                // Until there are no more calls to fail.
                for number in scale.isLong ? Array(1...1_000) : [1, 2, 3, 7, 20] {
                    let bench = try await bench()
                    bench.shim.fail(which, at: number, errno: code)
                    var accepted: [String: String] = [:]
                    if which == .rename {
                        // Calls alone replace no file.
                        let added = try await bench.gateway.admin(
                            "POST", "/server/add", json: #"{"name":"more","command":"/bin/cat","enabled":false}"#)
                        #expect([201, 507].contains(added.status), "\(added.text)")
                    }
                    for call in 0..<20 {
                        switch await bench.client.submit("b", "echo", key: "k\(call)", ["text": "x"]) {
                        case .accepted(let id): accepted["k\(call)"] = id
                        case .refused(let why):
                            refused += 1
                            let isUnsure = which == .sync && why == "OUTCOME_UNKNOWN"
                            #expect(
                                why == "STORAGE_FULL" || why == "STORAGE_FAILED" || isUnsure,
                                "\(which) \(number): \(why)")
                        case .unanswered: Issue.record("\(which) \(number) \(code): no answer")
                        }
                    }
                    let isMade = bench.shim.madeFailures > 0
                    if code == EINTR || code == 0 {
                        #expect(accepted.count == 20, "\(code) at write \(number) was seen")
                    }
                    if which == .sync, isMade, code == EIO, accepted.count < 20 {
                        // What was not written for certain once is never trusted again in this run.
                        guard
                            case .refused("STORAGE_FAILED") = await bench.client.submit(
                                "b", "echo", key: "late", ["text": "x"])
                        else {
                            Issue.record("accepted after a failed fsync")
                            continue
                        }
                    }
                    bench.shim.heal()
                    let after = try await bench.restarted()
                    try await after.running(["b"])
                    var ends: [String: JSONValue] = [:]
                    for (key, id) in accepted { ends[key] = try await AsyncClient(gateway: after).ended(id) }
                    let ledger = Rig.executions(in: bench.directory, "ledger")
                    for (key, call) in ends {
                        let status = call["status"]?.stringValue
                        #expect(
                            status == "complete" || status == "outcome_unknown",
                            "\(which) \(number) \(code) \(key): \(call.text)")
                        #expect((ledger[key] ?? 0) <= 1)
                        if status == "complete" { #expect(ledger[key] == 1) }
                    }
                    #expect(try await after.stop() == .code(0))
                    runs += 1
                    if isMade { made += 1 }
                    if !isMade { break }
                }
            }
            FaultReport.add(
                "F-18", "the n-th \(which) on the data directory fails, 20 calls each",
                "\(runs) runs, \(made) with a failure, \(refused) calls refused in words, no accepted call lost or run twice"
            )
            #expect(made > 0)
        }

        @Test(arguments: [FaultShim.Class.write, .sync, .open, .truncate])
        func f18AFailingStartLosesNothing(which: FaultShim.Class) async throws {
            let bench = try await bench("[limits]\nin_flight_per_backend = 2\n\n")
            var accepted: [String: String] = [:]
            for call in 0..<10 {
                if case .accepted(let id) = await bench.client.submit("b", "sleep", key: "k\(call)", ["ms": 20]) {
                    accepted["k\(call)"] = id
                }
            }
            #expect(accepted.count == 10)
            bench.gateway.program.signal(SIGKILL)
            _ = try await bench.gateway.program.exit()
            var (made, refused) = (0, 0)
            for number in scale.isLong ? Array(1...30) : [1, 2, 4, 7, 11] {
                bench.shim.fail(which, at: number, errno: EIO)
                // It may start, or say why it does not.
                let gateway = try? await GatewayProcess.start(
                    bench.head + bench.backends.text, directory: bench.gateway.directory, launcher: bench.shim.launcher,
                    within: .seconds(10))
                if bench.shim.madeFailures > 0 { made += 1 }
                if gateway == nil { refused += 1 }
                gateway?.program.signal(SIGKILL)
                _ = try await gateway?.program.exit()
            }
            bench.shim.heal()
            let after = try await GatewayProcess.start(
                bench.head + bench.backends.text, directory: bench.gateway.directory)
            try await after.running(["b"])
            var ends: [String: JSONValue] = [:]
            for (key, id) in accepted { ends[key] = try await AsyncClient(gateway: after).ended(id) }
            let ledger = Rig.executions(in: bench.directory, "ledger")
            for (key, call) in ends {
                let status = call["status"]?.stringValue
                #expect(status == "complete" || status == "outcome_unknown", "\(which) \(key): \(call.text)")
                #expect((ledger[key] ?? 0) <= 1)
            }
            FaultReport.add(
                "F-18", "the n-th \(which) of a start fails",
                "\(made) failures, \(refused) starts refused in words, all 10 accepted calls found after it")
            #expect(try await after.stop() == .code(0))
        }

        // MARK: F-17

        @Test func f17AFullDiskRefusesAndRecovers() async throws {
            let bench = try await bench()
            let client = bench.client
            guard case .accepted(let running) = await client.submit("b", "sleep", key: "running", ["ms": 600]) else {
                Issue.record("not accepted")
                return
            }
            try await started(bench, "running")
            bench.shim.setFull(true)
            guard case .refused("STORAGE_FULL") = await client.submit("b", "echo", key: "full", ["text": "x"]) else {
                Issue.record("accepted on a full disk")
                return
            }
            // Calls that are waited for go on, and the gateway says what is wrong.
            #expect(
                try await bench.gateway.post("/call", json: #"{"server":"b","tool":"echo","arguments":{"text":"x"}}"#)
                    .status == 200)
            let health = try JSONValue(parsing: try await bench.gateway.get("/health").body)
            #expect(health["warnings"]?.arrayValue?.isEmpty == false, "\(health.text)")
            // Its result is there, but nobody is shown what could still be lost.
            let held = try await client.ended(running, within: 1_500)
            #expect(held["status"] == "running", "\(held.text)")
            bench.shim.setFull(false)
            let ended = try await client.ended(running)
            #expect(ended["status"] == "complete")
            // Its end was written, so there is room again, and the gateway knows it.
            guard case .accepted(let again) = await client.submit("b", "echo", key: "again", ["text": "x"]) else {
                Issue.record("refused although there is room again")
                return
            }
            #expect(try await client.ended(again)["status"] == "complete")
            #expect(Rig.executions(in: bench.directory, "ledger")["full"] == nil)
            FaultReport.add(
                "F-17", "the disk is full, then not",
                "accepts refused with STORAGE_FULL, calls that are waited for go on, "
                    + "the held result is shown when it is kept, accepts go on by themselves")
            #expect(try await bench.gateway.stop() == .code(0))
        }

        private func started(_ bench: Bench, _ key: String) async throws {
            for _ in 0..<2_000 where Rig.executions(in: bench.directory, "ledger")[key] == nil {
                _ = try await bench.gateway.get("/health")
            }
        }

        @Test(arguments: [true, false])
        func f17AuditOnAFullDisk(blocks: Bool) async throws {
            let bench = try await bench("[audit]\nenabled = true\nblock_on_failure = \(blocks)\n\n")
            func call(_ key: String) async throws -> HTTPReply {
                try await bench.gateway.post(
                    "/call", json: #"{"server":"b","tool":"echo","arguments":{"text":"x","key":"\#(key)"}}"#)
            }
            #expect(try await call("before").status == 200)
            bench.shim.setFull(true)
            let full = try await call("full")
            #expect(full.status == (blocks ? 507 : 200), "\(full.text)")
            let ran = Rig.executions(in: bench.directory, "ledger")["full"] ?? 0
            #expect(ran == (blocks ? 0 : 1))
            bench.shim.setFull(false)
            #expect(try await call("after").status == 200)
            #expect(try await bench.gateway.stop() == .code(0))
            let verdict = try await Program.run(
                Products.path("stonegate"), ["audit", "verify", "--data-dir", bench.gateway.dataDirectory],
                environment: ["HOME": "/nowhere"])
            #expect(verdict.exit == .code(0), "\(verdict)")
            let text = bench.gateway.directory.read("data/audit/audit-000001.ndjson") ?? ""
            #expect(text.contains("\"kind\":\"gap\"") == !blocks)
            FaultReport.add(
                "F-17", "audit on a full disk, block_on_failure = \(blocks)",
                blocks ? "the call was refused and did not run" : "calls went on, the gap is written down")
        }

        // MARK: F-19

        @Test(arguments: [Duration.seconds(1), .seconds(-1), .seconds(315_360_000), .seconds(-315_360_000)])
        func f19AClockThatIsSetEndsNothing(jump: Duration) async throws {
            let bench = try await bench()
            let client = bench.client
            guard case .accepted(let done) = await client.submit("b", "echo", key: "done", ["text": "x"]),
                case .accepted(let running) = await client.submit("b", "sleep", key: "running", ["ms": 700])
            else {
                Issue.record("not accepted")
                return
            }
            _ = try await client.ended(done)
            bench.shim.setClock(jump)
            let asked = ContinuousClock.now
            let soon = try await client.ended(running, within: 100)
            #expect(soon["status"] != "failed")
            #expect(asked.duration(to: .now) < .seconds(10))
            #expect(try await client.ended(running)["status"] == "complete")
            #expect(try await client.state(done)["status"] == "complete")
            // Nor does the start of a run on another clock.
            bench.gateway.program.signal(SIGTERM)
            _ = try await bench.gateway.program.exit()
            let after = try await GatewayProcess.start(
                bench.head + bench.backends.text, directory: bench.gateway.directory, launcher: bench.shim.launcher)
            try await after.running(["b"])
            #expect(try await AsyncClient(gateway: after).state(done)["status"] == "complete")
            FaultReport.add("F-19", "the clock is set by \(jump)", "no call ended early, no result expired")
            #expect(try await after.stop() == .code(0))
        }
    }
#endif
