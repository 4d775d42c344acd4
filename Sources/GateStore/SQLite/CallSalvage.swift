import GateCore
import GRDB

/// Carries over what can be read of a damaged file of calls, row by row.
enum CallSalvage {
    private static let atOnce = 500
    private static let mostRows = 1_000_000
    /// Rows in a row that cannot be read, after which the rest is given up.
    private static let mostGaps = 10_000

    /// - Returns: how many were carried over.
    static func carryOver(_ path: String, _ database: DatabasePool) -> Int {
        var configuration = Configuration()
        configuration.readonly = true
        guard let damaged = try? DatabaseQueue(path: path, configuration: configuration) else { return 0 }
        var (next, count, gaps) = (Int64(1), 0, 0)
        var found: [StoredCall] = []
        while count + found.count < mostRows, gaps < mostGaps {
            let row: Row?
            do {
                row = try damaged.read { database in
                    try Row.fetchOne(
                        database.cachedStatement(
                            sql: "SELECT rowid AS place, * FROM calls WHERE rowid >= ? ORDER BY rowid LIMIT 1"),
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
            guard let call = try? StoredCall(row) else { continue }
            found.append(call)
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
    private static func keep(_ calls: [StoredCall], _ database: DatabasePool) -> Int {
        let areKept: Void? = try? database.write { database in
            for call in calls { try SQLiteCallStore.insert(call, database) }
        }
        if areKept != nil { return calls.count }
        return calls.count { call in
            (try? database.write { try SQLiteCallStore.insert(call, $0) }) != nil
        }
    }
}
