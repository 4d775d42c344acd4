package import GateCore
import GRDB

/// Pins in a database file of their own, in which every commit waits for the disk: a tool whose pin were lost would be new again, and
/// its change never noticed.
package final class SQLitePinStore: PinStore {
    private let database: DatabasePool
    private let writer: StoreWriter

    /// - Parameters:
    ///   - path: of the file; its directory is there.
    ///   - report: told in words when a damaged file was replaced.
    package init(path: String, report: (String) -> Void) throws(StoreFailure) {
        let file = StoreFile(path: path, schema: .pins, isDurable: true)
        let salvage = RowSalvage(table: "pins", read: { try StoredPin($0) }, insert: SQLitePinStore.insert)
        database = try file.open(salvage: salvage.carryOver, report: report)
        writer = StoreWriter(database, label: "stonegate.store.pins")
    }

    package func close() async { await writer.close() }

    package func load() throws(StoreFailure) -> [StoredPin] {
        do {
            return try database.read { database in
                try Row.fetchAll(
                    database,
                    sql: """
                        SELECT server, tool, digest, first, standing, seen_at, decided_at FROM pins ORDER BY rowid
                        """
                ).map { try StoredPin($0) }
            }
        } catch {
            throw StoreFailure(error)
        }
    }

    package func save(
        _ pins: [StoredPin], dropping dropped: [(server: String, tool: String, digest: DefinitionDigest)],
        then done: @escaping @Sendable (StoreFailure?) -> Void
    ) {
        writer.later(
            { database in
                for pin in pins { try SQLitePinStore.insert(pin, database) }
                for gone in dropped {
                    try database.cachedStatement(sql: "DELETE FROM pins WHERE server = ? AND tool = ? AND digest = ?")
                        .execute(arguments: [Blob(gone.server), Blob(gone.tool), gone.digest.hex])
                }
            }, then: done)
    }

    package func decide(
        _ decisions: [(server: String, tool: String, version: PinBook.Version)]
    ) async throws(StoreFailure) {
        try await writer.write { database in
            for (server, tool, version) in decisions {
                try database.cachedStatement(
                    sql: """
                        UPDATE pins SET standing = ?, decided_at = ? WHERE server = ? AND tool = ? AND digest = ?
                        """
                ).execute(arguments: [
                    version.standing.rawValue, version.decided, Blob(server), Blob(tool), version.digest.hex,
                ])
                guard database.changesCount == 1 else {
                    throw StoreFailure.failed("the definition of \(server)/\(tool) is not kept")
                }
            }
        }
    }

    package func definition(
        server: String, tool: String, _ digest: DefinitionDigest
    ) async throws(StoreFailure) -> [UInt8]? {
        // By the writer: what was asked to be kept before is there.
        try await writer.write { database in
            try Row.fetchOne(
                database, sql: "SELECT definition FROM pins WHERE server = ? AND tool = ? AND digest = ?",
                arguments: [Blob(server), Blob(tool), digest.hex]
            ).flatMap { ($0["definition"] as Blob?)?.bytes }
        }
    }

    package func forget(_ server: String, then done: @escaping @Sendable (StoreFailure?) -> Void) {
        writer.later(
            { try $0.execute(sql: "DELETE FROM pins WHERE server = ?", arguments: [Blob(server)]) }, then: done)
    }

    @Sendable private static func insert(_ pin: StoredPin, _ database: Database) throws {
        try database.cachedStatement(
            sql: """
                INSERT OR REPLACE INTO pins(server, tool, digest, first, standing, seen_at, decided_at, definition)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(arguments: [
            Blob(pin.server), Blob(pin.tool), pin.version.digest.hex, pin.version.isFirst,
            pin.version.standing.rawValue, pin.version.seen, pin.version.decided, pin.definition.map { Blob($0) },
        ])
    }
}

extension StoredPin {
    /// - Throws: for a row that this version did not write.
    fileprivate init(_ row: Row) throws {
        guard let server = row["server"] as Blob?, let tool = row["tool"] as Blob?,
            let digest = (row["digest"] as String?).flatMap({ DefinitionDigest(hex: $0) }),
            let standing = (row["standing"] as Int?).flatMap({ PinBook.Standing(rawValue: $0) })
        else { throw StoreFailure.failed("the definition of a tool that is kept cannot be read") }
        let definition = row.hasColumn("definition") ? (row["definition"] as Blob?)?.bytes : nil
        self.init(
            server: server.text, tool: tool.text,
            version: PinBook.Version(
                digest, isFirst: row["first"] as Bool? ?? false, standing: standing,
                seen: row["seen_at"] as Int? ?? 0, decided: row["decided_at"] as Int?), definition: definition)
    }
}
