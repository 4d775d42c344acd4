import GateProtocol
import GateTestKit

/// What was injected, what users saw, what it cost, and which promises that kept.
struct Verdict {
    let seconds: Int
    let seed: UInt64
    var injected: [Fault: Int] = [:]
    var restarts: [String: Int] = [:]
    var quiet: [(String, LoadResult)] = []
    var healthy: [(String, LoadResult)] = []
    var evil: [(String, LoadResult)] = []
    var unanswered = 0
    var before: ProcessSample?
    var after: ProcessSample?
    var peak = Sampling.Peak()
    var processorShare = 0.0
    var executed = 0
    /// Calls that ran more than once.
    var repeated = 0
    /// Calls that ran although their answer says that they were not sent.
    var lied = 0
    var processes = 0
    var orphans = 0
    var gone: Duration?

    init(seconds: Int, seed: UInt64) {
        self.seconds = seconds
        self.seed = seed
    }

    static func all(_ loads: [(String, LoadResult)]) -> LoadResult { loads.reduce(LoadResult()) { $0 + $1.1 } }

    var lost: Int { unanswered + (evil + healthy).reduce(0) { $0 + $1.1.calls.count { $0.code == "NO_ANSWER" } } }

    /// Below this, a ratio of two small figures says more about the machine than about the gateway.
    private static let unnoticeable = Duration.milliseconds(10)

    struct Promise {
        var text: String
        var isKept: Bool
        var found: String
    }

    var promises: [Promise] {
        let quiet = Verdict.all(quiet).percentile(0.99)
        let beside = Verdict.all(healthy)
        let p99 = beside.percentile(0.99)
        let isCalm = p99 <= Verdict.unnoticeable || p99.milliseconds <= 1.5 * quiet.milliseconds
        let isBack = before.flatMap { before in after.map { $0.isBack(at: before, connections: 4) } } ?? false
        return [
            Promise(
                text: "users of good servers see no error", isKept: beside.errors == 0 && !beside.calls.isEmpty,
                found: "\(beside.errors) of \(beside.calls.count) calls"),
            Promise(
                text: "and no noticeable delay (p99 within 1.5 × quiet, or 10 ms)", isKept: isCalm,
                found: "p99 \(p99.brief), quiet \(quiet.brief)"),
            Promise(text: "every call is answered", isKept: lost == 0, found: "\(lost) lost"),
            Promise(text: "no call is carried out twice", isKept: repeated == 0, found: "\(repeated) of \(executed)"),
            Promise(
                text: "what is said not to have been sent was not carried out", isKept: lied == 0, found: "\(lied)"),
            Promise(
                text: "memory stays under 256 MiB", isKept: peak.megabytes <= 256, found: "\(peak.megabytes) MiB"),
            Promise(
                text: "descriptors, threads, children and zombies come back", isKept: isBack,
                found: isBack && before?.descriptors == after?.descriptors
                    ? "exactly" : "\(before?.holdings ?? "") → \(after?.holdings ?? "")"),
            Promise(
                text: "no process survives kill -9 of the gateway", isKept: orphans == 0,
                found: "\(orphans) of \(processes)" + (gone.map { ", gone after \($0.brief)" } ?? "")),
        ]
    }

    var broken: [Promise] { promises.filter { !$0.isKept } }

    /// Compares what callers were told with what the servers did.
    mutating func judge(_ ledgers: TemporaryDirectory) throws {
        for (name, result) in evil {
            var runs: [String: Int] = [:]
            for line in (ledgers.read(name) ?? "").split(separator: "\n") {
                // A server that was killed while it wrote leaves half a line.
                guard let key = (try? JSONValue(parsing: Array(line.utf8)))?["key"]?.stringValue else { continue }
                runs[key, default: 0] += 1
            }
            executed += runs.count
            repeated += runs.values.count { $0 > 1 }
            lied += result.calls.count { $0.sent == false && runs["\(name)-\($0.number)"] != nil }
        }
    }
}
