import GateCore
import GRDB

/// Carries over what can be read of a damaged file, row by row.
struct RowSalvage<Kept: Sendable> {
    let table: String
    /// Throws for what this version did not write.
    let read: @Sendable (Row) throws -> Kept
    let insert: @Sendable (Kept, Database) throws -> Void

    private let atOnce = 500
    private let mostRows = 1_000_000
    /// Rows in a row that cannot be read, after which the rest is given up.
    private let mostGaps = 10_000

    init(
        table: String, read: @escaping @Sendable (Row) throws -> Kept,
        insert: @escaping @Sendable (Kept, Database) throws -> Void
    ) {
        self.table = table
        self.read = read
        self.insert = insert
    }

    /// - Returns: how many were carried over.
    func carryOver(_ path: String, _ database: DatabasePool) -> Int {
        var configuration = Configuration()
        configuration.readonly = true
        guard let damaged = try? DatabaseQueue(path: path, configuration: configuration) else { return 0 }
        var (next, count, gaps) = (Int64(1), 0, 0)
        var found: [Kept] = []
        while count + found.count < mostRows, gaps < mostGaps {
            let row: Row?
            do {
                row = try damaged.read { database in
                    try Row.fetchOne(
                        database.cachedStatement(
                            sql: "SELECT rowid AS place, * FROM \(table) WHERE rowid >= ? ORDER BY rowid LIMIT 1"),
                        arguments: [next])
                }
            } catch {
                // This row cannot be read; those behind it may lie on sound pages.
                (next, gaps) = (next + 1, gaps + 1)
                continue
            }
            guard let row else { break }
            next = (row["place"] as Int64? ?? next) + 1
            gaps = 0
            guard let kept = try? read(row) else { continue }
            found.append(kept)
            if found.count == atOnce {
                count += keep(found, database)
                found = []
            }
        }
        count += keep(found, database)
        try? damaged.close()
        return count
    }

    /// Together, because each commit waits for the disk; one by one when one of them does not fit.
    private func keep(_ rows: [Kept], _ database: DatabasePool) -> Int {
        let areKept: Void? = try? database.write { database in
            for row in rows { try insert(row, database) }
        }
        if areKept != nil { return rows.count }
        return rows.count { row in
            (try? database.write { try insert(row, $0) }) != nil
        }
    }
}
