package import GateCore
import GRDB
import Synchronization

/// Asynchronous calls in a database file of their own, in which every commit waits for the disk.
package final class SQLiteCallStore: CallStore {
    private struct State {
        /// Bytes of all outcomes.
        var bytes: Int
        /// When a write found no room.
        var fullSince: Instant?
        var fullReason = ""
    }

    private let database: DatabasePool
    let writer: StoreWriter
    private let maxBytes: Int
    private let state: Mutex<State>
    /// After this long without room one write is let through to find out whether there is some again.
    private static let retryInterval = Duration.seconds(1)
    /// Calls that are forgotten in one transaction, so that others are not kept waiting.
    private static let expiredAtOnce = 200
    private static let ends = "('complete', 'failed', 'cancelled', 'outcome_unknown')"

    /// - Parameters:
    ///   - path: of the file; its directory is there.
    ///   - maxBytes: what outcomes may take.
    ///   - report: told in words when a damaged file was replaced.
    package init(path: String, maxBytes: Int, report: (String) -> Void) throws(StoreFailure) {
        let file = StoreFile(path: path, schema: .calls, isDurable: true)
        let salvage = RowSalvage(table: "calls", read: { try StoredCall($0) }, insert: SQLiteCallStore.insert)
        database = try file.open(salvage: salvage.carryOver, report: report)
        writer = StoreWriter(database, label: "stonegate.store.calls")
        self.maxBytes = maxBytes
        do {
            let bytes = try database.read { try Int.fetchOne($0, sql: "SELECT sum(outcome_bytes) FROM calls") ?? 0 }
            state = Mutex(State(bytes: bytes))
        } catch {
            throw StoreFailure(error)
        }
    }

    /// Carries all over into the file and closes it.
    package func close() async { await writer.close() }

    /// Transactions so far: fewer than writes, because those that come together share one.
    package var commits: Int { writer.commits }

    package var refusal: StoreFailure? {
        if let broken = writer.broken { return broken }
        return state.withLock { state in
            if let since = state.fullSince {
                if since.duration(to: .now) < SQLiteCallStore.retryInterval { return .full(state.fullReason) }
                // Whoever comes now finds out.
                state.fullSince = .now
            }
            guard state.bytes >= maxBytes else { return nil }
            return .full("the results that are kept take \(state.bytes) bytes, all that async.max_stored_bytes allows")
        }
    }

    private func write<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreFailure) -> Value {
        do throws(StoreFailure) {
            let value = try await writer.write(body)
            state.withLock { $0.fullSince = nil }
            return value
        } catch {
            if case .full(let reason) = error {
                state.withLock { state in
                    state.fullSince = .now
                    state.fullReason = reason
                }
            }
            throw error
        }
    }

    private func read<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreFailure) -> Value {
        do {
            return try await database.read(body)
        } catch {
            throw StoreFailure(error)
        }
    }

    private func count(_ bytes: Int) {
        let isOver = state.withLock { state in
            state.bytes += bytes
            return state.bytes > maxBytes
        }
        if isOver, bytes > 0 { writer.later { database in try self.makeRoom(database) } }
    }

    // MARK: Writing

    package func insert(_ call: StoredCall) async throws(StoreFailure) -> StoredCall? {
        let (known, isNew) = try await write { database -> (StoredCall?, Bool) in
            if try SQLiteCallStore.isThere(call.id, database) {
                return (nil, try SQLiteCallStore.update(call, database))
            }
            if let key = call.key {
                let row = try Row.fetchOne(
                    database.cachedStatement(sql: "SELECT * FROM calls WHERE owner = ? AND key = ?"),
                    arguments: [Blob(call.owner.storedText), Blob(key.text)])
                if let row {
                    var known = try StoredCall(row)
                    known.request = []
                    return (known, false)
                }
            }
            try SQLiteCallStore.insert(call, database)
            return (nil, true)
        }
        if isNew { count(call.outcome?.count ?? 0) }
        return known
    }

    private static func isThere(_ id: AsyncCallID, _ database: Database) throws -> Bool {
        try Row.fetchOne(
            database.cachedStatement(sql: "SELECT 1 FROM calls WHERE id = ?"), arguments: [id.description]) != nil
    }

    static func insert(_ call: StoredCall, _ database: Database) throws {
        try database.cachedStatement(
            sql: """
                INSERT INTO calls(id, sequence, owner, agent, server, tool, key, key_digest, callback, status, ended,
                    repeatable, revision, created_at, updated_at, expires_at, outcome_bytes, request, outcome)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(
            arguments: [
                call.id.description, Int64(bitPattern: call.sequence), Blob(call.owner.storedText), Blob(call.agent),
                Blob(call.server),
                Blob(call.tool), call.key.map { Blob($0.text) }, call.key.map { Blob($0.digest) }, call.callback,
                call.status.rawValue,
                call.status.end != nil, call.isRepeatable, Int64(bitPattern: call.revision), call.createdAt,
                call.updatedAt, call.expiresAt, call.outcome?.count ?? 0, Blob(call.request),
                call.outcome.map { Blob($0) },
            ])
    }

    package func update(_ call: StoredCall) async throws(StoreFailure) {
        let isChanged = try await write { try SQLiteCallStore.update(call, $0) }
        if isChanged { count(call.outcome?.count ?? 0) }
    }

    /// - Returns: whether an outcome was added.
    private static func update(_ call: StoredCall, _ database: Database) throws -> Bool {
        let hasEnded = call.status.end != nil
        try database.cachedStatement(
            sql: """
                UPDATE calls SET status = ?, ended = ?, repeatable = ?, revision = ?, updated_at = ?, expires_at = ?,
                    outcome_bytes = ?, outcome = ?, request = CASE WHEN ? THEN x'' ELSE request END
                WHERE id = ? AND ended = 0 AND revision < ?
                """
        ).execute(
            arguments: [
                call.status.rawValue, hasEnded, call.isRepeatable, Int64(bitPattern: call.revision), call.updatedAt,
                call.expiresAt, hasEnded ? call.outcome?.count ?? 0 : 0, hasEnded ? call.outcome.map { Blob($0) } : nil,
                hasEnded, call.id.description, Int64(bitPattern: call.revision),
            ])
        return hasEnded && database.changesCount > 0
    }

    package func told(_ id: AsyncCallID) async { await mark(id, "UPDATE calls SET told = 1 WHERE id = ?") }

    package func collected(_ id: AsyncCallID) async {
        await mark(id, "UPDATE calls SET collected = 1 WHERE id = ? AND collected = 0")
    }

    /// A mark that is lost does no harm: it is made again.
    private func mark(_ id: AsyncCallID, _ sql: String) async {
        _ = try? await write { database in
            try database.cachedStatement(sql: sql).execute(arguments: [id.description])
        }
    }

    // MARK: Forgetting

    package func remove(_ owner: InstanceOwner) async {
        await forget("owner = ?", [Blob(owner.storedText)])
    }

    package func expire(now: Int) async {
        await forget("ended = 1 AND expires_at <= ?", [now])
    }

    private func forget(_ condition: String, _ arguments: [any DatabaseValueConvertible & Sendable]) async {
        while true {
            let gone = try? await write { database in
                try SQLiteCallStore.delete(
                    "SELECT rowid FROM calls WHERE \(condition) LIMIT \(SQLiteCallStore.expiredAtOnce)",
                    StatementArguments(arguments), database)
            }
            guard let gone, gone.calls > 0 else { return }
            count(-gone.bytes)
            if gone.calls < SQLiteCallStore.expiredAtOnce { return }
        }
    }

    /// The number of the last call outlives the call.
    private static func delete(
        _ chosen: String, _ arguments: StatementArguments, _ database: Database
    ) throws -> (calls: Int, bytes: Int) {
        let rows = try Int64.fetchAll(database, sql: chosen, arguments: arguments)
        guard !rows.isEmpty else { return (0, 0) }
        let list = rows.map { "\($0)" }.joined(separator: ",")
        try database.execute(
            sql: """
                INSERT INTO numbers(name, value) SELECT 'last', max(sequence) FROM calls WHERE true
                ON CONFLICT(name) DO UPDATE SET value = max(value, excluded.value)
                """)
        let bytes =
            try Int.fetchOne(database, sql: "SELECT sum(outcome_bytes) FROM calls WHERE rowid IN (\(list))") ?? 0
        try database.execute(sql: "DELETE FROM calls WHERE rowid IN (\(list))")
        return (rows.count, bytes)
    }

    /// Collected results go before their time when there is no room for others.
    private func makeRoom(_ database: Database) throws {
        while state.withLock({ $0.bytes }) > maxBytes {
            let gone = try SQLiteCallStore.delete(
                "SELECT rowid FROM calls WHERE collected = 1 AND ended = 1 ORDER BY updated_at LIMIT 16", [], database)
            guard gone.calls > 0 else { return }
            state.withLock { $0.bytes -= gone.bytes }
        }
    }

    // MARK: Reading

    package func find(_ id: AsyncCallID) async throws(StoreFailure) -> StoredCall? {
        try await read { database in
            try Row.fetchOne(
                database.cachedStatement(sql: "SELECT * FROM calls WHERE id = ?"), arguments: [id.description]
            ).map { try StoredCall($0) }
        }
    }

    private static let listed =
        "id, sequence, owner, agent, server, tool, key, key_digest, callback, status, repeatable, revision, created_at, "
        + "updated_at, expires_at"

    package func list(_ query: CallQuery) async throws(StoreFailure) -> [StoredCall] {
        var conditions = ["owner IN (\(SQLiteCallStore.places(query.owners.count)))"]
        var arguments: [any DatabaseValueConvertible & Sendable] = query.owners.map { Blob($0.storedText) }
        if let past = query.past {
            conditions.append(query.order == .oldestFirst ? "sequence > ?" : "sequence < ?")
            arguments.append(Int64(clamping: past))
        }
        if !query.statuses.isEmpty {
            conditions.append("status IN (\(SQLiteCallStore.places(query.statuses.count)))")
            arguments += query.statuses.map(\.rawValue)
        }
        if let server = query.server {
            conditions.append("server = ?")
            arguments.append(Blob(server))
        }
        let sql = """
            SELECT \(SQLiteCallStore.listed) FROM calls WHERE \(conditions.joined(separator: " AND "))
            ORDER BY sequence \(query.order == .oldestFirst ? "ASC" : "DESC") LIMIT \(max(0, query.limit))
            """
        return try await read { [arguments] database in
            try Row.fetchAll(database, sql: sql, arguments: StatementArguments(arguments)).map { try StoredCall($0) }
        }
    }

    private static func places(_ count: Int) -> String { Array(repeating: "?", count: count).joined(separator: ",") }

    package func unfinished() async throws(StoreFailure) -> [StoredCall] {
        try await read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM calls WHERE ended = 0 ORDER BY sequence").map {
                try StoredCall($0)
            }
        }
    }

    package func untold(limit: Int) async throws(StoreFailure) -> [AsyncCallID] {
        try await read { database in
            try String.fetchAll(
                database,
                sql: """
                    SELECT id FROM calls WHERE ended = 1 AND told = 0 AND callback IS NOT NULL
                    ORDER BY updated_at LIMIT \(max(0, limit))
                    """
            ).compactMap { AsyncCallID($0) }
        }
    }

    package func lastSequence() async throws(StoreFailure) -> UInt64 {
        try await read { database in
            let kept = try Int64.fetchOne(database, sql: "SELECT value FROM numbers WHERE name = 'last'") ?? 0
            let last = try Int64.fetchOne(database, sql: "SELECT max(sequence) FROM calls") ?? 0
            return UInt64(clamping: max(kept, last))
        }
    }
}
