import GateProtocol
import GateTestKit
import Synchronization
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// F-1 and F-24: accepted calls over `kill -9`, counted against the ledger of what really ran.
extension FaultTests {
    /// What was submitted, and what became of it.
    private final class Book: Sendable {
        private let state = Mutex<(accepted: [String: String], open: Set<String>)>(([:], []))

        func accepted(_ key: String, _ id: String) -> Bool {
            state.withLock { state in
                state.open.remove(key)
                // A key that was accepted before must name the same call for ever.
                let known = state.accepted.updateValue(id, forKey: key)
                return known == nil || known == id
            }
        }

        func unanswered(_ key: String) { state.withLock { _ = $0.open.insert(key) } }
        var all: [String: String] { state.withLock { $0.accepted } }
        var open: [String] { state.withLock { $0.open.sorted() } }
    }

    private enum Answer { case submission, submitterEnded }

    @Test func f01AcceptedCallsAreNeitherLostNorRepeated() async throws {
        let directory = try TemporaryDirectory()
        let head = "[limits]\nin_flight_per_backend = 16\nrestart_budget = 10000\n\n"
        let backends = [
            try BackendText(fake: "b", ["--ledger", directory.file("ledger")]),
            try BackendText(fake: "safe", ["--ledger", directory.file("safe")]).with("trust_annotations = true"),
        ]
        var gateway = try await Rig.start(head, backends: backends, running: ["b", "safe"])
        let book = Book()
        var random = SplitMix(seed: 0x5106)
        var round = 0
        let wanted = scale.crashRounds * scale.callsPerCrash
        while round < scale.crashRounds || book.all.count < wanted, round < 3 * scale.crashRounds {
            round += 1
            let client = AsyncClient(gateway: gateway)
            // The gateway dies when so many submissions of the round have been answered, with the next ones and what was accepted under way.
            let mark = Int.random(in: 1...scale.callsPerCrash, using: &random)
            let (answers, answered) = AsyncStream<Answer>.makeStream()
            // What had no answer in the round before is submitted again, under the same key.
            let again = book.open
            let number = round
            let submitters = (0..<4).map { part in
                let calls = scale.callsPerCrash / 4
                return Task { () -> Bool in
                    defer { answered.yield(.submitterEnded) }
                    var isConsistent = true
                    let keys =
                        again.enumerated().filter { $0.offset % 4 == part }.map(\.element)
                        + (0..<calls).map { "r\(number)-\(part)-\($0)" }
                    for (place, key) in keys.enumerated() {
                        let isSafe = key.hasSuffix("7") || key.hasSuffix("3")
                        let submission =
                            isSafe
                            ? await client.submit("safe", "put", key: key, ["value": "x"])
                            : await client.submit("b", "sleep", key: key, ["ms": .init(place % 25)])
                        if case .unanswered = submission {} else { answered.yield(.submission) }
                        switch submission {
                        case .accepted(let id): isConsistent = book.accepted(key, id) && isConsistent
                        case .refused: break
                        case .unanswered:
                            book.unanswered(key)
                            return isConsistent
                        }
                    }
                    return isConsistent
                }
            }
            var (count, ended) = (0, 0)
            for await answer in answers {
                switch answer {
                case .submission: count += 1
                case .submitterEnded: ended += 1
                }
                if count >= mark || ended == submitters.count { break }
            }
            gateway.program.signal(SIGKILL)
            _ = try await gateway.program.exit()
            for submitter in submitters { #expect(await submitter.value, "a key has named two calls") }
            gateway = try await GatewayProcess.start(
                head + backends.text, directory: gateway.directory, port: gateway.port)
        }
        let ends = try await judge(book, AsyncClient(gateway: gateway), directory, rounds: round)
        #expect(try await gateway.stop() == .code(0))
        gateway = try await GatewayProcess.start(head + backends.text, directory: gateway.directory)
        try await reread(book, AsyncClient(gateway: gateway), ends)
        #expect(try await gateway.stop() == .code(0))
    }

    /// - Returns: how each call ended, by key.
    private func judge(
        _ book: Book, _ client: AsyncClient, _ directory: TemporaryDirectory, rounds: Int
    ) async throws -> [String: JSONValue] {
        var counts: [String: Int] = [:]
        var ends: [String: JSONValue] = [:]
        var lost: [String] = []
        for (key, id) in book.all {
            let call = try await client.ended(id)
            guard let status = call["status"]?.stringValue, call["call_id"]?.stringValue == id else {
                lost.append("\(key): \(call.text)")
                continue
            }
            counts[status, default: 0] += 1
            ends[key] = call
        }
        let ledger = Rig.executions(in: directory, "ledger")
        let safe = Rig.executions(in: directory, "safe")
        var wrong: [String] = []
        for (key, call) in ends {
            let runs = ledger[key] ?? safe[key] ?? 0
            let mayRepeat = key.hasSuffix("7") || key.hasSuffix("3")
            let sent = call["error"]?["sent"]
            let fits =
                switch call["status"]?.stringValue {
                case "complete": (mayRepeat ? runs >= 1 : runs == 1) && FaultTests.isRight(call, mayRepeat)
                case "outcome_unknown": !mayRepeat && runs <= 1
                case "failed", "cancelled": sent == false ? runs == 0 : runs <= 1
                default: false
                }
            if !fits { wrong.append("\(key): ran \(runs) times, \(call.text)") }
        }
        // Nothing ran that was not accepted, or at least submitted without an answer.
        let known = Set(ends.keys).union(book.open)
        let strangers = ledger.keys.filter { !known.contains($0) }
        let twice = ledger.filter { $0.value > 1 }
        FaultReport.add(
            "F-1", "\(rounds) kills -9 under \(book.all.count) accepted calls",
            "lost \(lost.count), run twice \(twice.count), not as the ledger says \(wrong.count); "
                + counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", "))
        #expect(lost.isEmpty, "\(lost.prefix(5))")
        #expect(twice.isEmpty && strangers.isEmpty, "\(twice) \(strangers)")
        #expect(wrong.isEmpty, "\(wrong.prefix(5))")
        #expect((counts["complete"] ?? 0) > ends.count / 2)
        return ends
    }

    /// P-7: asked again in another run, every call is as it was.
    private func reread(_ book: Book, _ client: AsyncClient, _ ends: [String: JSONValue]) async throws {
        var changed: [String] = []
        for (key, id) in book.all where try await client.state(id) != ends[key] { changed.append(key) }
        #expect(changed.isEmpty, "\(changed.prefix(5))")
    }

    /// Whether the text is the one that the tool answers with.
    private static func isRight(_ call: JSONValue, _ isPut: Bool) -> Bool {
        let text = call["result"]?["content"]?.arrayValue?.first?["text"]?.stringValue ?? ""
        return isPut ? text == "ok" : text.hasPrefix("slept ")
    }
}

/// A small generator, so that a run can be repeated.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
