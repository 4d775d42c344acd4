#if canImport(Glibc)
    import GateProtocol
    import GateTestKit
    import Glibc
    import Testing

    /// F-18: what was said when the disk could not say whether it has something still holds after a crash.
    extension FaultTests {
        /// What callers were told before the crash.
        private struct Told {
            var accepted: [String: String] = [:]
            /// The answers to the others.
            var refused: [String: JSONValue] = [:]
            /// Ends that somebody has seen, by key.
            var ends: [String: JSONValue] = [:]
        }

        @Test func f18WhatWasSaidAfterAFailedSyncHoldsAfterACrash() async throws {
            var (runs, refused, uncertain, seen) = (0, 0, 0, 0)
            for number in scale.isLong ? Array(1...1_000) : [1, 2, 3, 5] {
                let directory = try TemporaryDirectory()
                let data = try TemporaryDirectory()
                let shim = try await FaultShim(directory, prefix: data.path + "/data/store/")
                let backends = [try BackendText(fake: "b", ["--ledger", directory.file("ledger")])].text
                let gateway = try await GatewayProcess.start(backends, directory: data, launcher: shim.launcher)
                try await gateway.running(["b"])
                shim.fail(.sync, at: number, errno: EIO)
                let told = try await tell(AsyncClient(gateway: gateway))
                if shim.madeFailures == 0 { break }
                gateway.program.signal(SIGKILL)
                _ = try await gateway.program.exit()
                let after = try await GatewayProcess.start(backends, directory: data)
                try await after.running(["b"])
                let client = AsyncClient(gateway: after)
                for (key, id) in told.accepted {
                    let end = try await client.ended(id)
                    #expect(end["status"] == "complete" || end["status"] == "outcome_unknown", "\(key): \(end.text)")
                    if let before = told.ends[key] { #expect(end == before, "sync \(number): an end has changed") }
                }
                // All that is kept ends, whoever was told of it.
                try await settle(after)
                let ledger = Rig.executions(in: directory, "ledger")
                #expect(ledger.values.allSatisfy { $0 == 1 }, "\(ledger)")
                for (key, answer) in told.refused where answer["sent"] == false {
                    #expect(ledger[key] == nil, "sync \(number): \(key) ran, its caller was told: \(answer.text)")
                }
                for (key, answer) in told.refused where answer["sent"] == true {
                    uncertain += 1
                    // The key tells what became of it.
                    let again = try #require(
                        await client.answer("b", "echo", key: key, ["text": "x"]), "\(answer.text)")
                    let id = try #require(again.json["call_id"]?.stringValue)
                    #expect(try await client.ended(id)["status"] == "complete")
                    #expect(Rig.executions(in: directory, "ledger")[key] == 1)
                }
                refused += told.refused.count
                seen += told.ends.count
                runs += 1
                #expect(try await after.stop() == .code(0))
            }
            FaultReport.add(
                "F-18", "the n-th sync of the store fails, then kill -9",
                "\(runs) runs: \(seen) ends that had been seen are the same after it, \(refused - uncertain) calls that were refused did not "
                    + "run, \(uncertain) whose fate was said to be unknown ran at most once")
            #expect(runs > 0)
        }

        private func tell(_ client: AsyncClient) async throws -> Told {
            var told = Told()
            for call in 0..<20 {
                let key = "k\(call)"
                guard let answer = await client.answer("b", "echo", key: key, ["text": "x"]) else {
                    Issue.record("no answer")
                    continue
                }
                if answer.status == 202, let id = answer.json["call_id"]?.stringValue {
                    told.accepted[key] = id
                    let state = try await client.ended(id, within: 300)
                    let isOver = ["complete", "failed", "cancelled", "outcome_unknown"].contains {
                        state["status"]?.stringValue == $0
                    }
                    if isOver { told.ends[key] = state }
                } else {
                    told.refused[key] = answer.json
                }
                if told.refused.count == 3 { break }
            }
            return told
        }

        /// Returns when no call of the auditor is under way.
        private func settle(_ gateway: GatewayProcess) async throws {
            for status in ["queued", "running"] {
                let reply = try await gateway.get(
                    "/calls?status=\(status)&limit=100", headers: ["X-Stonegate-Agent": "auditor"])
                let calls = try JSONValue(parsing: reply.body)["calls"]?.arrayValue
                for call in try #require(calls, "\(reply.text)") {
                    _ = try await AsyncClient(gateway: gateway).ended(call["call_id"]?.stringValue ?? "")
                }
            }
        }
    }
#endif
