import GRDB
import GRDBSQLite

/// Binds a line of the log without a detour over values of the library: at thousands of lines a second that is most of what a line costs.
enum LogRowBinding {
    /// SQLite copies what it is given.
    private static let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    /// - Parameter statement: the insertion of `time, correlation, agent, server, tool, status, bytes, record`.
    static func insert(_ row: LogRow, _ statement: Statement, _ database: Database) throws {
        let handle = statement.sqliteStatement
        sqlite3_reset(handle)
        sqlite3_bind_int64(handle, 1, Int64(row.time))
        for (index, value) in [row.correlationID, row.agent, row.server, row.tool, row.status].enumerated() {
            bind(value, handle, Int32(index + 2))
        }
        sqlite3_bind_int64(handle, 7, Int64(row.record.count))
        _ = row.record.withUnsafeBytes { bytes in
            sqlite3_bind_blob64(handle, 8, bytes.baseAddress, sqlite3_uint64(bytes.count), transient)
        }
        let code = sqlite3_step(handle)
        sqlite3_reset(handle)
        guard code == SQLITE_DONE else {
            throw DatabaseError(
                resultCode: ResultCode(rawValue: sqlite3_extended_errcode(database.sqliteConnection)),
                message: sqlite3_errmsg(database.sqliteConnection).map { String(cString: $0) })
        }
    }

    private static func bind(_ text: String, _ handle: OpaquePointer?, _ index: Int32) {
        var text = text
        text.withUTF8 { bytes in
            _ = bytes.withMemoryRebound(to: CChar.self) { characters in
                sqlite3_bind_text64(
                    handle, index, characters.baseAddress, sqlite3_uint64(characters.count), transient,
                    UInt8(SQLITE_UTF8))
            }
        }
    }
}
