import GateCore
import GateProtocol
import GateStore
import NIOCore
import Synchronization

/// What was seen and approved of all servers' tools: judges what they list, and keeps it over restarts.
final class ToolPins: Sendable {
    /// What was found out about one list.
    struct Verdict: Sendable {
        var holds: [ExactText: ToolHold] = [:]
        var standings = ToolStandings()
    }

    struct State: Sendable {
        var book: PinBook
        var names = NameTable()
        /// What could not be kept yet.
        var unsaved: [StoredPin] = []
        var failure: StoreFailure?
        /// Changed tools since the start, by server.
        var changes: [ExactText: Int] = [:]
        var isDeciding = false
    }

    private static let mostUnsaved = 1_000

    let state: Mutex<State>
    let store: any PinStore
    let clock: @Sendable () -> Int
    private let report: @Sendable (IntegrityNews) -> Void

    /// - Parameters:
    ///   - clock: milliseconds since 1970.
    ///   - report: told what is new or has changed without having been approved; called while a list is looked at.
    init(
        store: any PinStore, clock: @escaping @Sendable () -> Int = WallClock.milliseconds,
        report: @escaping @Sendable (IntegrityNews) -> Void
    ) throws(StoreFailure) {
        var state = State(book: PinBook())
        for pin in try store.load() {
            state.book.restore(server: pin.server, tool: pin.tool, pin.version)
            state.names.add(ToolIdentity(server: pin.server, tool: pin.tool))
        }
        self.state = Mutex(state)
        self.store = store
        self.clock = clock
        self.report = report
    }

    /// Judges what a server has listed.
    ///
    /// - Parameter speaksForAll: false for an instance whose list is not shown to agents.
    func judge(_ entry: CatalogEntry, speaksForAll: Bool = true) -> Verdict {
        let server = entry.server
        let unseen = state.withLock { state in
            entry.allTools.filter { tool in
                !state.book.versions(server: server, tool: tool.check.name).contains { $0.digest == tool.digest }
            }
        }
        // Texts are looked through outside of the lock.
        var values: [ExactText: JSONValue] = [:]
        var flags: [ExactText: [DefinitionFlag]] = [:]
        for tool in unseen {
            guard let value = try? JSONValue(parsing: Array(buffer: tool.original)) else { continue }
            values[ExactText(tool.check.name)] = value
            flags[ExactText(tool.check.name)] = DefinitionFlag.inTexts(of: value)
        }
        let now = clock()
        let judgement = state.withLock { state -> PinBook.Judgement in
            for tool in unseen {
                let identity = ToolIdentity(server: server, tool: tool.check.name)
                flags[ExactText(tool.check.name), default: []] += state.names.flags(identity)
                state.names.add(identity)
            }
            let sightings = entry.allTools.map { tool in
                PinBook.Sighting(
                    tool.check.name, tool.digest, isFlagged: flags[ExactText(tool.check.name)]?.isEmpty == false)
            }
            let judgement = state.book.judge(
                sightings, of: server, entry.integrity, now: now, speaksForAll: speaksForAll)
            for tool in unseen where state.book.versions(server: server, tool: tool.check.name).isEmpty {
                state.names.remove(ToolIdentity(server: server, tool: tool.check.name))
            }
            for gone in judgement.dropped where state.book.versions(server: server, tool: gone.tool).isEmpty {
                state.names.remove(ToolIdentity(server: server, tool: gone.tool))
            }
            let changed = judgement.news.count { $0.previous != nil }
            if changed > 0 { state.changes[ExactText(server), default: 0] += changed }
            return judgement
        }
        keep(
            judgement.added.map { tool, version in
                StoredPin(
                    server: server, tool: tool, version: version,
                    definition: values[ExactText(tool)].map { CanonicalJSON.bytes($0) })
            }, dropping: judgement.dropped.map { (server, $0.tool, $0.digest) })
        for news in judgement.news {
            report(IntegrityNews(server: server, news: news, flags: flags[ExactText(news.tool)] ?? []))
        }
        return verdict(entry)
    }

    /// How the tools of a list stand now.
    func verdict(_ entry: CatalogEntry) -> Verdict {
        state.withLock { state in
            var verdict = Verdict()
            for tool in entry.allTools {
                let name = ExactText(tool.check.name)
                verdict.standings.digests[name] = tool.digest
                let versions = state.book.versions(server: entry.server, tool: tool.check.name)
                if versions.first(where: { $0.digest == tool.digest })?.standing != .approved {
                    verdict.standings.doubtful.insert(name)
                }
                verdict.holds[name] = state.book.hold(
                    server: entry.server, tool: tool.check.name, tool.digest, entry.integrity)
            }
            return verdict
        }
    }

    /// Why a tool must not be called in this form; nil when it may be.
    func hold(
        _ server: String, _ tool: String, _ digest: DefinitionDigest, _ policy: IntegrityPolicy
    ) -> ToolHold? {
        state.withLock { $0.book.hold(server: server, tool: tool, digest, policy) }
    }

    /// Forgets a server that the operator has removed.
    func forget(_ server: String) {
        state.withLock { state in
            state.book.forget(server)
            state.names.remove(server: server)
            state.unsaved.removeAll { $0.server.sameBytes(as: server) }
            state.changes[ExactText(server)] = nil
        }
        store.forget(server) { [self] failure in note(failure, []) }
    }

    // MARK: Keeping

    private func keep(
        _ new: [StoredPin], dropping dropped: [(server: String, tool: String, digest: DefinitionDigest)]
    ) {
        let pins = state.withLock { state in
            defer { state.unsaved = [] }
            return state.unsaved + new
        }
        guard !pins.isEmpty || !dropped.isEmpty else { return }
        store.save(pins, dropping: dropped) { [self] failure in note(failure, pins) }
    }

    private func note(_ failure: StoreFailure?, _ pins: [StoredPin]) {
        state.withLock { state in
            state.failure = failure
            // Tried again with the next list.
            if failure != nil { state.unsaved = (state.unsaved + pins).suffix(ToolPins.mostUnsaved) }
        }
    }

    /// Why definitions may be unknown after a restart, for ``HealthInfo/warnings``.
    var warnings: [String] {
        state.withLock { $0.failure }.map { ["definitions of tools are not kept: \($0.reason)"] } ?? []
    }

    /// Changed tools since the start, by server.
    var changes: [(server: String, count: Int)] {
        state.withLock { $0.changes }.map { ($0.key.text, $0.value) }.sorted { $0.server < $1.server }
    }
}
