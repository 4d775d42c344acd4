package import GateCore
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
    /// Blocks that are forgotten in one transaction.
    private static let trimmedAtOnce = 64

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

    package func append(_ blocks: [LogBlock]) async throws(StoreFailure) -> Int64 {
        let blocks = blocks.filter { $0.count > 0 }
        guard !blocks.isEmpty else { return 0 }
        let first = try await writer.write { database -> Int64 in
            let first = try Int64.fetchOne(database, sql: "SELECT value FROM numbers WHERE name = 'next'") ?? 1
            var next = first
            for block in blocks {
                try database.cachedStatement(
                    sql: "INSERT INTO log(first, count, oldest, newest, bytes, lines) VALUES (?, ?, ?, ?, ?, ?)"
                ).execute(
                    arguments: [next, block.count, block.oldest, block.newest, block.bytes.count, Blob(block.bytes)])
                next += Int64(block.count)
            }
            try database.cachedStatement(
                sql: """
                    INSERT INTO numbers(name, value) VALUES ('next', ?)
                    ON CONFLICT(name) DO UPDATE SET value = excluded.value
                    """
            ).execute(arguments: [next])
            return first
        }
        bytes.withLock { $0 += blocks.reduce(0) { $0 + $1.bytes.count } }
        return first
    }

    package func query(_ query: LogQuery) async throws(StoreFailure) -> LogPage {
        let isForward = query.after != nil
        return try await read { database in
            var (found, looked): ([LogRow], Int) = ([], 0)
            var edge: Int64?
            let blocks = try Row.fetchCursor(
                database,
                sql: """
                    SELECT first, lines FROM log WHERE \(isForward ? "first + count > ? + 1" : "first < ?")
                        AND newest >= ? AND oldest <= ?
                    ORDER BY first \(isForward ? "ASC" : "DESC")
                    """,
                arguments: [query.after ?? query.before ?? Int64.max, query.since ?? Int.min, query.until ?? Int.max])
            search: while let block = try blocks.next() {
                let rows = try LogBlock(kept: (block["lines"] as Blob?)?.bytes ?? []).rows(
                    first: block["first"] as Int64? ?? 0)
                for row in isForward ? rows : rows.reversed() {
                    if let after = query.after, row.sequence <= after { continue }
                    if let before = query.before, row.sequence >= before { continue }
                    looked += 1
                    edge = row.sequence
                    if query.matches(row) { found.append(row) }
                    // One more than is wanted tells that there is more.
                    if found.count > query.limit || looked >= SQLiteCallLogStore.mostLooked { break search }
                }
            }
            let page = Array(found.prefix(max(0, query.limit)))
            if found.count > query.limit {
                return LogPage(rows: page, next: page.last?.sequence ?? query.after ?? query.before)
            }
            return LogPage(rows: page, next: looked >= SQLiteCallLogStore.mostLooked ? edge : nil)
        }
    }

    package func find(correlationID: String) async throws(StoreFailure) -> LogRow? {
        try await read { database in
            let blocks = try Row.fetchCursor(
                database, sql: "SELECT first, lines FROM log WHERE instr(lines, ?) > 0 ORDER BY first DESC",
                arguments: [Blob(correlationID)])
            while let block = try blocks.next() {
                let rows = try LogBlock(kept: (block["lines"] as Blob?)?.bytes ?? []).rows(
                    first: block["first"] as Int64? ?? 0)
                if let row = rows.last(where: { $0.correlationID == correlationID }) { return row }
            }
            return nil
        }
    }

    package func trim(before time: Int, maxBytes: Int) async throws(StoreFailure) {
        while true {
            let excess = bytes.withLock { $0 } - maxBytes
            let gone = try await writer.write { database in
                try SQLiteCallLogStore.trim(database, before: time, excess: excess)
            }
            guard gone > 0 else { return }
            bytes.withLock { $0 -= gone }
        }
    }

    /// Forgets some of the oldest lines, whole blocks of them, if they are too old or take too much.
    private static func trim(_ database: Database, before time: Int, excess: Int) throws -> Int {
        let oldest = try Row.fetchAll(
            database, sql: "SELECT first, newest, bytes FROM log ORDER BY first LIMIT \(trimmedAtOnce)")
        var (last, bytes) = (Int64?.none, 0)
        for block in oldest {
            guard (block["newest"] as Int? ?? 0) < time || bytes < excess else { break }
            last = block["first"] as Int64?
            bytes += block["bytes"] as Int? ?? 0
        }
        if let last { try database.execute(sql: "DELETE FROM log WHERE first <= ?", arguments: [last]) }
        return bytes
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

extension LogQuery {
    fileprivate func matches(_ row: LogRow) -> Bool {
        (server.map { $0 == row.server } ?? true) && (tool.map { $0 == row.tool } ?? true)
            && (status.map { $0 == row.status } ?? true) && (agent.map { $0 == row.agent } ?? true)
            && (since.map { row.time >= $0 } ?? true) && (until.map { row.time <= $0 } ?? true)
    }
}
