import GateCore
import GRDB

/// Carries over what can be read of a damaged file of calls, row by row.
enum CallSalvage {
    private static let mostRows = 1_000_000
    /// Rows in a row that cannot be read, after which the rest is given up.
    private static let mostGaps = 10_000

    /// - Returns: how many were carried over.
    static func carryOver(_ path: String, _ database: DatabasePool) -> Int {
        var configuration = Configuration()
        configuration.readonly = true
        guard let damaged = try? DatabaseQueue(path: path, configuration: configuration) else { return 0 }
        var (next, count, gaps) = (Int64(1), 0, 0)
        while count < mostRows, gaps < mostGaps {
            let found: Row?
            do {
                found = try damaged.read { database in
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
            guard let row = found else { break }
            next = (row["place"] as Int64? ?? next) + 1
            gaps = 0
            guard let call = try? StoredCall(row) else { continue }
            let isKept: Void? = try? database.write { try SQLiteCallStore.insert(call, $0) }
            if isKept != nil { count += 1 }
        }
        try? damaged.close()
        return count
    }
}
