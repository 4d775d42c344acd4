import GateCore
import GRDB
import Synchronization

/// The call log and the statistics in a database file of their own, which does not wait for the disk: what a crash of the process
/// leaves is whole, one of the machine may cost the last moments.
package final class SQLiteCallLogStore: CallLogStore {
    private let database: DatabasePool
    private let writer: StoreWriter
    /// Bytes of all records.
    private let bytes: Mutex<Int>

    /// Lines that one query looks at, so that a rare thing sought in a long log does not hold everybody up.
    private static let mostLooked = 50_000
    private static let trimmedAtOnce = 5_000

    /// - Parameters:
    ///   - path: of the file; its directory is there.
    ///   - report: told in words when a damaged file was replaced.
    package init(path: String, report: (String) -> Void) throws(StoreFailure) {
        let file = StoreFile(path: path, schema: .log, isDurable: false)
        // A log is not worth picking lines out of a damaged file, which is kept aside as a whole.
        database = try file.open(salvage: { _, _ in 0 }, report: report)
        writer = StoreWriter(database, label: "stonegate.store.log")
        do {
            bytes = Mutex(try database.read { try Int.fetchOne($0, sql: "SELECT sum(bytes) FROM log") ?? 0 })
        } catch {
            throw StoreFailure(error)
        }
    }

    package func close() async { await writer.close() }

    package func append(_ rows: [LogRow]) async throws(StoreFailure) -> Int64 {
        let size = rows.reduce(0) { $0 + $1.record.count }
        let first = try await writer.write { database -> Int64 in
            let statement = try database.cachedStatement(
                sql: """
                    INSERT INTO log(time, correlation, agent, server, tool, status, bytes, record)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                    """)
            for row in rows { try LogRowBinding.insert(row, statement, database) }
            return database.lastInsertedRowID - Int64(rows.count) + 1
        }
        bytes.withLock { $0 += size }
        return first
    }

    package func query(_ query: LogQuery) async throws(StoreFailure) -> LogPage {
        let isForward = query.after != nil
        return try await read { database in
            let edge = try Int64.fetchOne(
                database,
                sql: isForward
                    ? "SELECT sequence FROM log WHERE sequence > ? ORDER BY sequence LIMIT 1 OFFSET \(Self.mostLooked)"
                    : "SELECT sequence FROM log WHERE sequence < ? ORDER BY sequence DESC LIMIT 1 OFFSET \(Self.mostLooked)",
                arguments: [query.after ?? query.before ?? Int64.max])
            var conditions = [isForward ? "sequence > ?" : "sequence < ?"]
            var arguments: StatementArguments = [query.after ?? query.before ?? Int64.max]
            func add(_ condition: String, _ value: (any DatabaseValueConvertible)?) {
                guard let value else { return }
                conditions.append(condition)
                arguments += [value]
            }
            add(isForward ? "sequence < ?" : "sequence > ?", edge)
            add("server = ?", query.server)
            add("tool = ?", query.tool)
            add("status = ?", query.status)
            add("agent = ?", query.agent)
            add("time >= ?", query.since)
            add("time <= ?", query.until)
            let limit = max(0, query.limit)
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT * FROM log WHERE \(conditions.joined(separator: " AND "))
                    ORDER BY sequence \(isForward ? "ASC" : "DESC") LIMIT \(limit + 1)
                    """, arguments: arguments
            ).map(LogRow.init(row:))
            if rows.count > limit {
                let page = Array(rows.prefix(limit))
                return LogPage(rows: page, next: page.last?.sequence ?? query.after ?? query.before)
            }
            return LogPage(rows: rows, next: edge.map { isForward ? $0 - 1 : $0 + 1 })
        }
    }

    package func find(correlationID: String) async throws(StoreFailure) -> LogRow? {
        try await read { database in
            try Row.fetchOne(
                database.cachedStatement(
                    sql: "SELECT * FROM log WHERE correlation = ? ORDER BY sequence DESC LIMIT 1"),
                arguments: [correlationID]
            ).map(LogRow.init(row:))
        }
    }

    package func trim(before time: Int, maxBytes: Int) async throws(StoreFailure) {
        while true {
            let excess = bytes.withLock { $0 } - maxBytes
            let gone = try await writer.write { database in
                try SQLiteCallLogStore.trim(database, before: time, excess: excess)
            }
            guard gone.rows > 0 else { return }
            bytes.withLock { $0 -= gone.bytes }
        }
    }

    /// Deletes some of the oldest lines, if they are too old or too many.
    private static func trim(
        _ database: Database, before time: Int, excess: Int
    ) throws -> (rows: Int, bytes: Int) {
        let oldest = try Row.fetchAll(
            database, sql: "SELECT sequence, time, bytes FROM log ORDER BY sequence LIMIT \(trimmedAtOnce)")
        var (last, rows, bytes) = (Int64(0), 0, 0)
        for row in oldest {
            guard (row["time"] as Int? ?? 0) < time || bytes < excess else { break }
            last = row["sequence"] as Int64? ?? last
            rows += 1
            bytes += row["bytes"] as Int? ?? 0
        }
        if rows > 0 { try database.execute(sql: "DELETE FROM log WHERE sequence <= ?", arguments: [last]) }
        return (rows, bytes)
    }

    package func save(_ name: String, _ content: [UInt8]) async throws(StoreFailure) {
        try await writer.write { database in
            try database.cachedStatement(
                sql: """
                    INSERT INTO texts(name, content) VALUES (?, ?)
                    ON CONFLICT(name) DO UPDATE SET content = excluded.content
                    """
            ).execute(arguments: [name, Blob(content)])
        }
    }

    package func load(_ name: String) async throws(StoreFailure) -> [UInt8]? {
        try await read { database in
            try Blob.fetchOne(database, sql: "SELECT content FROM texts WHERE name = ?", arguments: [name])?.bytes
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
}

extension LogRow {
    fileprivate init(row: Row) {
        self.init(
            sequence: row["sequence"] as Int64? ?? 0, time: row["time"] as Int? ?? 0,
            correlationID: row["correlation"] as String? ?? "", agent: row["agent"] as String? ?? "",
            server: row["server"] as String? ?? "", tool: row["tool"] as String? ?? "",
            status: row["status"] as String? ?? "", record: (row["record"] as Blob?)?.bytes ?? [])
    }
}
