/// Counts and times of calls: of all, of each server, tool and agent. Names come from outside, so only so many have numbers of their own;
/// what comes after them is counted together.
package struct CallStatistics: Sendable {
    /// One server's, tool's or agent's part.
    package struct Part: Sendable {
        package let name: String
        package let all: LatencySummary
        package let minute: LatencySummary
        package let hour: LatencySummary
    }

    /// A table of parts by name.
    package struct Table: Sendable {
        private let most: Int
        private var parts: [ExactText: LatencyRecorder] = [:]
        package static let others = "(other)"

        init(most: Int) { self.most = most }

        mutating func record(_ name: ExactText, _ microseconds: UInt64, _ failed: Bool, _ now: Instant) {
            if let index = parts.index(forKey: name) {
                return parts.values[index].record(microseconds: microseconds, failed: failed, now: now)
            }
            let key = parts.count < most ? name : ExactText(Table.others)
            parts[key, default: LatencyRecorder()].record(microseconds: microseconds, failed: failed, now: now)
        }

        /// In the order of their calls, most first.
        package func all(now: Instant) -> [Part] {
            parts.map { name, recorder in
                Part(
                    name: name.text, all: recorder.total, minute: recorder.lastMinute(now: now),
                    hour: recorder.lastHour(now: now))
            }.sorted { $0.all.calls == $1.all.calls ? $0.name < $1.name : $0.all.calls > $1.all.calls }
        }

        package func part(_ name: String, now: Instant) -> Part? {
            parts[ExactText(name)].map {
                Part(name: name, all: $0.total, minute: $0.lastMinute(now: now), hour: $0.lastHour(now: now))
            }
        }

        /// Each part's name and text.
        package var texts: [(name: String, text: String)] { parts.map { ($0.key.text, $0.value.text) } }

        package mutating func restore(_ name: String, _ text: String) {
            let own = parts[ExactText(Table.others)] == nil ? parts.count : parts.count - 1
            guard own < most || name == Table.others else { return }
            var recorder = parts[ExactText(name)] ?? LatencyRecorder()
            if recorder.restore(text) { parts[ExactText(name)] = recorder }
        }
    }

    package private(set) var total = LatencyRecorder()
    package var servers = Table(most: 256)
    package var tools = Table(most: 256)
    package var agents = Table(most: 128)
    /// Calls by server and status, for counters that only rise.
    package private(set) var statuses: [ExactText: [CallRecord.Status: UInt64]] = [:]
    /// Seconds that calls have waited for a place, by server.
    package private(set) var queueSeconds: [ExactText: Double] = [:]

    private var lastTool: (server: String, tool: String, name: ExactText)?

    package init() {}

    package mutating func record(_ call: CallRecord, now: Instant) {
        let microseconds = UInt64(clamping: call.total.wholeMicroseconds)
        let failed = call.isFailure
        total.record(microseconds: microseconds, failed: failed, now: now)
        if !call.agent.isEmpty { agents.record(ExactText(call.agent), microseconds, failed, now) }
        guard !call.server.isEmpty else { return }
        let server = ExactText(call.server)
        servers.record(server, microseconds, failed, now)
        tools.record(toolName(call), microseconds, failed, now)
        guard statuses[server] != nil || statuses.count < 256 else { return }
        statuses[server, default: [:]][call.status, default: 0] += 1
        if call.facts.queue > .zero { queueSeconds[server, default: 0] += call.facts.queue.nanoseconds / 1e9 }
    }

    /// Most calls are of the tool of the call before.
    private mutating func toolName(_ call: CallRecord) -> ExactText {
        if let last = lastTool, last.server.sameBytes(as: call.server), last.tool.sameBytes(as: call.tool) {
            return last.name
        }
        let name = ExactText("\(call.server)/\(call.tool)")
        lastTool = (call.server, call.tool, name)
        return name
    }

    /// Counts the calls of an earlier run.
    package mutating func restoreTotal(_ text: String) { total.restore(text) }
}
