import GateCore
import GateProtocol
import GateStore
import GateTestKit
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// F-29: the real program starts on the data of a long time.
extension FaultTests {
    @Test func f29ALongPastDoesNotDelayAStart() async throws {
        let directory = try TemporaryDirectory()
        let backends = [try BackendText(fake: "b", ["--ledger", directory.file("ledger")])].text
        let (data, past) = try await past(backends)
        let limits = "[async]\nmax_pending = 20000\nmax_pending_per_agent = 20000\n\n"
        let begun = ContinuousClock.now
        let gateway = try await GatewayProcess.start(Rig.wide + limits + backends, directory: data)
        let ready = begun.duration(to: .now)
        let client = AsyncClient(gateway: gateway)
        // What ended long ago is there, and a new call finds its way past those that wait.
        #expect(try await client.state(past.ended.id.description)["status"] == "complete")
        let asked = ContinuousClock.now
        guard case .accepted = await client.submit("b", "put", key: "new", ["value": "x"]) else {
            Issue.record("not accepted")
            return
        }
        let accepted = asked.duration(to: .now)
        var complete = 0
        for id in past.waiting {
            if try await client.ended(id.description)["status"] == "complete" { complete += 1 }
        }
        let all = begun.duration(to: .now)
        let ledger = Rig.executions(in: directory, "ledger")
        FaultReport.add(
            "F-29", "a start with \(scale.endedCalls) ended and \(scale.waitingCalls) waiting calls",
            "ready after \(Int(ready.milliseconds)) ms, a new call accepted in \(Int(accepted.milliseconds)) ms, all that waited complete after "
                + "\(Int(all.milliseconds)) ms, \(ledger.values.count { $0 > 1 }) run twice")
        #expect(complete == scale.waitingCalls)
        for number in 0..<scale.waitingCalls { #expect(ledger[Past.key(number)] == 1) }
        #expect(ready < scale.bound(.seconds(2), loose: .seconds(20)))
        #expect(try await gateway.stop() == .code(0))
    }

    /// What the store holds.
    private struct Past {
        let ended: StoredCall
        let waiting: [AsyncCallID]

        static func key(_ number: Int) -> String { "past-\(number + 100_000)" }
    }

    /// One call of each kind by the real program, and as many copies by the store.
    private func past(_ backends: String) async throws -> (TemporaryDirectory, Past) {
        let first = try await GatewayProcess.start("[limits]\nin_flight_per_backend = 2\n\n" + backends)
        try await first.running(["b"])
        let client = AsyncClient(gateway: first)
        guard case .accepted(let done) = await client.submit("b", "echo", key: "done", ["text": "x"]) else {
            throw TestKitError("not accepted")
        }
        #expect(try await client.ended(done)["status"] == "complete")
        // The second waits behind the first.
        for (tool, key) in [("sleep", "ahead"), ("put", "past-sample")] {
            guard case .accepted = await client.submit("b", tool, key: key, ["ms": 60_000, "value": "x"]) else {
                throw TestKitError("not accepted")
            }
        }
        first.program.signal(SIGKILL)
        _ = try await first.program.exit()
        let store = try SQLiteCallStore(path: first.dataDirectory + "/store/calls.db", maxBytes: .max) { _ in }
        let found = try await store.find(try #require(AsyncCallID(done)))
        let ended = try #require(found)
        let sample = try #require(try await store.unfinished().first { $0.tool == "put" })
        #expect(sample.status == .queued)
        let text = String(decoding: sample.request, as: UTF8.self)
        #expect(text.contains("past-sample"))
        let (endedCalls, waitingCalls) = (scale.endedCalls, scale.waitingCalls)
        var random = SystemRandomNumberGenerator()
        let ids = (0..<waitingCalls).map { _ in AsyncCallID(using: &random) }
        let parts = 100
        try await withThrowingTaskGroup(of: Void.self) { group in
            for part in 0..<parts {
                group.addTask {
                    var random = SystemRandomNumberGenerator()
                    for number in stride(from: part, to: endedCalls, by: parts) {
                        let copy = ended.copy(
                            AsyncCallID(using: &random), 1_000 + UInt64(number), request: [], outcome: ended.outcome)
                        _ = try await store.insert(copy)
                    }
                    for number in stride(from: part, to: waitingCalls, by: parts) {
                        let request = text.split(separator: "past-sample", omittingEmptySubsequences: false)
                            .joined(separator: Past.key(number))
                        let copy = sample.copy(
                            ids[number], UInt64(1_000 + endedCalls + number), request: Array(request.utf8), outcome: nil
                        )
                        _ = try await store.insert(copy)
                    }
                }
            }
            try await group.waitForAll()
        }
        await store.close()
        return (first.directory, Past(ended: ended, waiting: ids))
    }
}

extension StoredCall {
    /// The same call under another id, without its idempotency key.
    fileprivate func copy(_ id: AsyncCallID, _ sequence: UInt64, request: [UInt8], outcome: [UInt8]?) -> StoredCall {
        StoredCall(
            id: id, sequence: sequence, owner: owner, agent: agent, server: server, tool: tool, request: request,
            status: status, isRepeatable: isRepeatable, revision: revision, createdAt: createdAt, updatedAt: updatedAt,
            expiresAt: expiresAt, outcome: outcome)
    }
}
