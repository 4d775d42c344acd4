/// Gives every tool of every backend the one name that clients see, and finds the tool again by that name.
///
/// - A name that is unique (as clients fold names, ``ToolNaming/fold(_:)``) and fits the alphabet is kept.
/// - On a clash the tool that came first keeps its name, the later one becomes `server_tool`, and if that is taken as
///   well `server_tool_` with a stable hash.
/// - A name once given never changes, whatever is added, removed or reordered later: it is part of ``records``,
///   which the owner saves and hands back at the next start. The name of a tool that is gone stays reserved to it.
///
/// All comparisons are of bytes. The book holds names only; whether a backend runs is not its concern.
package struct NameBook: Sendable {
    /// One name, given once and for all.
    package struct Record: Hashable, Sendable, Codable {
        package let server: String
        package let tool: String
        /// The exposed name: `^[A-Za-z0-9_-]{1,48}$`.
        package let name: String

        package init(server: String, tool: String, name: String) {
            self.server = server
            self.tool = tool
            self.name = name
        }

        package var identity: ToolIdentity { ToolIdentity(server: server, tool: tool) }
    }

    struct Entry: Sendable {
        let record: Record
        var isActive: Bool
    }

    /// How many records are kept before those of tools that are gone are forgotten.
    package static let defaultLimit = 50_000

    /// Oldest first.
    var entries: [Entry] = []
    var byIdentity: [ToolIdentity: Int] = [:]
    var byName: [ExactText: Int] = [:]
    var byFold: [ExactText: Int] = [:]
    /// Tools that are offered now, in the order in which each server listed them.
    var activeByServer: [ExactText: [Int]] = [:]
    var activeByTool: [ExactText: [Int]] = [:]

    /// Grows with every change of ``records``: save them when it has moved.
    package private(set) var revision: UInt64 = 0

    /// Records handed in at the start that contradicted an earlier one or broke the rules for names.
    package private(set) var refusedRecords = 0

    private let limit: Int

    /// - Parameters:
    ///   - records: what ``records`` gave when it was saved, in that order. A record that breaks a rule is left out.
    ///   - limit: number of records above which those of tools that are gone are dropped, oldest first.
    package init(records: [Record] = [], limit: Int = NameBook.defaultLimit) {
        self.limit = Swift.max(1, limit)
        for record in records.suffix(self.limit) {
            let isFree = byIdentity[record.identity] == nil && self.isFree(record.name)
            if isFree, ToolNaming.fits(record.name), !ToolNaming.isReserved(record.name) {
                append(record)
            } else {
                refusedRecords += 1
            }
        }
    }

    /// All names given so far, oldest first.
    package var records: [Record] { entries.map(\.record) }

    /// Sets what `server` offers now and gives names to tools that have none yet.
    ///
    /// - Parameter tools: original names in the server's order. A repeated name counts once.
    /// - Returns: the records of these tools, in the same order.
    @discardableResult
    package mutating func setTools(_ tools: [String], of server: String) -> [Record] {
        deactivate(server)
        var active: [Int] = []
        active.reserveCapacity(tools.count)
        for tool in tools {
            let identity = ToolIdentity(server: server, tool: tool)
            let index = byIdentity[identity] ?? assign(identity)
            guard !entries[index].isActive else { continue }
            entries[index].isActive = true
            active.append(index)
            activeByTool[ExactText(tool), default: []].append(index)
        }
        // An empty list is kept: the server is known, it just offers nothing.
        activeByServer[ExactText(server)] = active
        let given = active.map { entries[$0].record }
        prune()
        return given
    }

    /// Takes back everything that `server` offers. Its names stay reserved to its tools.
    package mutating func removeServer(_ server: String) {
        deactivate(server)
    }

    private mutating func deactivate(_ server: String) {
        guard let indices = activeByServer.removeValue(forKey: ExactText(server)) else { return }
        for index in indices {
            entries[index].isActive = false
            let tool = ExactText(entries[index].record.tool)
            activeByTool[tool]?.removeAll { $0 == index }
            if activeByTool[tool]?.isEmpty == true { activeByTool[tool] = nil }
        }
    }

    private mutating func assign(_ identity: ToolIdentity) -> Int {
        for name in NameCandidates(identity) where isFree(name) && !ToolNaming.isReserved(name) {
            append(Record(server: identity.server, tool: identity.tool, name: name))
            break
        }
        revision += 1
        return entries.count - 1
    }

    private func isFree(_ name: String) -> Bool {
        byFold[ExactText(ToolNaming.fold(name))] == nil
    }

    private mutating func append(_ record: Record) {
        let index = entries.count
        entries.append(Entry(record: record, isActive: false))
        byIdentity[record.identity] = index
        byName[ExactText(record.name)] = index
        byFold[ExactText(ToolNaming.fold(record.name))] = index
    }

    /// Forgets the oldest names of tools that are gone, down to nine tenths of the limit, always from the server that
    /// holds the most of them: a backend that invents new names all the time pushes out its own, nobody else's.
    private mutating func prune() {
        guard entries.count > limit else { return }
        let excess = entries.count - (limit - limit / 10)
        var gone: [ExactText: [Int]] = [:]
        for (index, entry) in entries.enumerated() where !entry.isActive {
            gone[ExactText(entry.record.server), default: []].append(index)
        }
        // The highest level to which all servers can be cut so that enough is dropped.
        var low = 0
        var high = gone.values.map(\.count).max() ?? 0
        while low < high {
            let level = (low + high + 1) / 2
            let dropped = gone.values.reduce(0) { $0 + Swift.max(0, $1.count - level) }
            if dropped >= excess { low = level } else { high = level - 1 }
        }
        var dropped: Set<Int> = []
        for indices in gone.values { dropped.formUnion(indices.dropLast(low)) }
        guard !dropped.isEmpty else { return }
        keep { !dropped.contains($0) }
    }

    private mutating func keep(_ isKept: (Int) -> Bool) {
        let old = entries
        let servers = activeByServer
        var moved: [Int: Int] = [:]
        entries = []
        byIdentity = [:]
        byName = [:]
        byFold = [:]
        for (index, entry) in old.enumerated() where isKept(index) {
            moved[index] = entries.count
            append(entry.record)
            entries[entries.count - 1].isActive = entry.isActive
        }
        activeByServer = servers.mapValues { $0.compactMap { moved[$0] } }
        activeByTool = activeByTool.mapValues { $0.compactMap { moved[$0] } }
        revision += 1
    }
}
