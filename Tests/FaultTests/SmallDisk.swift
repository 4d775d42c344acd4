#if canImport(Glibc)
    #if canImport(FoundationEssentials)
        import FoundationEssentials
    #else
        import Foundation
    #endif

    import GateProtocol
    import GateTestKit
    import Glibc
    import Testing

    /// F-17 on a real file system without room: a tmpfs that only the gateway under test sees.
    extension FaultTests {
        private enum SmallDisk {
            /// Programs in front of the gateway: a mount namespace of its own, with 8 MiB at `path`.
            static func launcher(_ path: String) -> [String] {
                let user = geteuid() == 0 ? [] : ["--user", "--map-root-user"]
                return ["/usr/bin/env", "unshare", "--mount"] + user + [
                    "sh", "-c", "mount -t tmpfs -o size=8m,mode=700 tmpfs \"$0\" && exec \"$@\"", path,
                ]
            }

            /// Containers may forbid it.
            static func isPossible() async -> Bool {
                guard let directory = try? TemporaryDirectory() else { return false }
                let words = launcher(directory.path) + ["true"]
                let run = try? await Program.run(
                    words[0], Array(words.dropFirst()), environment: ProcessInfo.processInfo.environment)
                return run?.exit == .code(0)
            }

            /// Writes until nothing more fits.
            static func fill(_ path: String) throws {
                let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
                guard descriptor >= 0 else { throw TestKitError("\(path) cannot be made") }
                defer { close(descriptor) }
                let block = [UInt8](repeating: 0x20, count: 4_096)
                while write(descriptor, block, block.count) > 0 {}
                guard errno == ENOSPC else { throw TestKitError("\(path) is not full: error \(errno)") }
            }
        }

        @Test(.enabled("a mount namespace can be made") { await SmallDisk.isPossible() })
        func f17ARealDiskWithoutRoom() async throws {
            let directory = try TemporaryDirectory()
            let data = try TemporaryDirectory()
            guard mkdir(data.file("data"), 0o700) == 0 else { throw TestKitError("no directory to mount at") }
            let backends = [try BackendText(fake: "b", ["--ledger", directory.file("ledger")])].text
            let gateway = try await GatewayProcess.start(
                backends, directory: data, launcher: SmallDisk.launcher(data.file("data")))
            try await gateway.running(["b"])
            let client = AsyncClient(gateway: gateway)
            // What the gateway sees.
            let disk = "/proc/\(gateway.program.pid)/root" + data.file("data")
            guard case .accepted(let running) = await client.submit("b", "sleep", key: "running", ["ms": 15_000]) else {
                Issue.record("not accepted")
                return
            }
            try SmallDisk.fill(disk + "/filler")
            var accepted = ["running": running]
            var refused: [String] = []
            // The files may have some room of their own left.
            for call in 0..<500 where refused.count < 5 {
                switch await client.submit("b", "echo", key: "k\(call)", ["text": "x"]) {
                case .accepted(let id): accepted["k\(call)"] = id
                case .refused(let why):
                    #expect(why == "STORAGE_FULL")
                    refused.append("k\(call)")
                case .unanswered: Issue.record("no answer")
                }
            }
            #expect(refused.count == 5)
            let waited = try await gateway.post(
                "/call", json: #"{"server":"b","tool":"echo","arguments":{"text":"x"}}"#)
            #expect(waited.status == 200)
            // Its end is written after the last refusal: that is what tells the store of room.
            #expect(try await client.state(running)["status"] == "running")
            #expect(unlink(disk + "/filler") == 0)
            // When the result that was held is kept, there is room again, and the gateway knows it.
            #expect(try await client.ended(running)["status"] == "complete")
            guard case .accepted(let again) = await client.submit("b", "echo", key: "again", ["text": "x"]) else {
                Issue.record("refused although there is room again")
                return
            }
            accepted["again"] = again
            var ends: [String: JSONValue] = [:]
            for (key, id) in accepted {
                ends[key] = try await client.ended(id)
                #expect(ends[key]?["status"] == "complete", "\(key): \(ends[key]?.text ?? "")")
            }
            let ledger = Rig.executions(in: directory, "ledger")
            #expect(refused.allSatisfy { ledger[$0] == nil })
            #expect(ledger.values.allSatisfy { $0 == 1 })
            // The disk goes with the gateway: the next one gets what is on it now.
            let copy = try TemporaryDirectory()
            try FileManager.default.copyItem(atPath: disk, toPath: copy.file("data"))
            #expect(try await gateway.stop() == .code(0))
            let after = try await GatewayProcess.start(backends, directory: copy)
            for (key, id) in accepted { #expect(try await AsyncClient(gateway: after).state(id) == ends[key]) }
            #expect(!FileManager.default.fileExists(atPath: copy.file("data/store/quarantine")))
            FaultReport.add(
                "F-17", "a tmpfs of 8 MiB is filled, then not",
                "\(refused.count) calls refused with STORAGE_FULL did not run, \(accepted.count) accepted ones are complete, also for the next run"
            )
            #expect(try await after.stop() == .code(0))
        }
    }
#endif
