import GRDB

/// What a database file of stonegate is: whose it is, and the named steps that lead to its present form.
package struct StoreSchema: Sendable {
    package struct Migration: Sendable {
        let name: String
        let sql: String

        package init(name: String, sql: String) {
            self.name = name
            self.sql = sql
        }
    }

    /// Tells files of this kind from others (PRAGMA application_id).
    let applicationID: Int32
    /// In their order; one is never changed or taken away once it has been released.
    let migrations: [Migration]

    /// - Parameter applicationID: without it `SGst`, the gateway's own.
    package init(applicationID: Int32 = 0x5347_7374, migrations: [Migration]) {
        self.applicationID = applicationID
        self.migrations = migrations
    }

    /// What PRAGMA user_version says of a file in the present form.
    var version: Int32 { Int32(migrations.count) }

    /// Brings a database to the present form; all of it or nothing.
    func migrate(_ database: Database) throws {
        let known = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        guard known < migrations.count else { return }
        try database.inTransaction(.immediate) {
            try database.execute(
                sql: "CREATE TABLE IF NOT EXISTS migrations(name TEXT PRIMARY KEY NOT NULL, version INTEGER NOT NULL)")
            for (index, migration) in migrations.enumerated().dropFirst(known) {
                try database.execute(sql: migration.sql)
                try database.execute(
                    sql: "INSERT INTO migrations(name, version) VALUES (?, ?)", arguments: [migration.name, index + 1])
            }
            try database.execute(sql: "PRAGMA application_id = \(applicationID)")
            try database.execute(sql: "PRAGMA user_version = \(migrations.count)")
            return .commit
        }
    }
}

extension StoreSchema {
    static let calls = StoreSchema(migrations: [
        Migration(
            name: "calls",
            sql: """
                CREATE TABLE calls(
                    id TEXT PRIMARY KEY NOT NULL,
                    sequence INTEGER NOT NULL UNIQUE,
                    owner BLOB NOT NULL,
                    agent BLOB NOT NULL,
                    server BLOB NOT NULL,
                    tool BLOB NOT NULL,
                    key BLOB,
                    key_digest BLOB,
                    callback TEXT,
                    status TEXT NOT NULL,
                    ended INTEGER NOT NULL,
                    repeatable INTEGER NOT NULL,
                    revision INTEGER NOT NULL,
                    created_at INTEGER NOT NULL,
                    updated_at INTEGER NOT NULL,
                    expires_at INTEGER NOT NULL,
                    collected INTEGER NOT NULL DEFAULT 0,
                    told INTEGER NOT NULL DEFAULT 0,
                    outcome_bytes INTEGER NOT NULL DEFAULT 0,
                    request BLOB NOT NULL,
                    outcome BLOB);
                CREATE INDEX calls_by_owner ON calls(owner, sequence);
                CREATE UNIQUE INDEX calls_by_key ON calls(owner, key) WHERE key IS NOT NULL;
                CREATE INDEX calls_unfinished ON calls(sequence) WHERE ended = 0;
                CREATE INDEX calls_by_expiry ON calls(expires_at) WHERE ended = 1;
                CREATE INDEX calls_collected ON calls(updated_at) WHERE collected = 1;
                CREATE INDEX calls_untold ON calls(updated_at) WHERE ended = 1 AND told = 0 AND callback IS NOT NULL;
                CREATE TABLE numbers(name TEXT PRIMARY KEY NOT NULL, value INTEGER NOT NULL);
                """)
    ])

    static let log = StoreSchema(migrations: [
        Migration(
            name: "log",
            sql: """
                CREATE TABLE log(
                    first INTEGER PRIMARY KEY NOT NULL,
                    count INTEGER NOT NULL,
                    oldest INTEGER NOT NULL,
                    newest INTEGER NOT NULL,
                    bytes INTEGER NOT NULL,
                    lines BLOB NOT NULL);
                CREATE TABLE numbers(name TEXT PRIMARY KEY NOT NULL, value INTEGER NOT NULL);
                CREATE TABLE texts(name TEXT PRIMARY KEY NOT NULL, content BLOB NOT NULL);
                """)
    ])

    static let pins = StoreSchema(migrations: [
        Migration(
            name: "pins",
            sql: """
                CREATE TABLE pins(
                    server BLOB NOT NULL,
                    tool BLOB NOT NULL,
                    digest TEXT NOT NULL,
                    first INTEGER NOT NULL,
                    standing INTEGER NOT NULL,
                    seen_at INTEGER NOT NULL,
                    decided_at INTEGER,
                    definition BLOB,
                    UNIQUE(server, tool, digest));
                """)
    ])
}
