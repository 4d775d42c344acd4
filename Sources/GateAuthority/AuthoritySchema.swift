import GateStore

extension StoreSchema {
    /// `SGla`. Times are seconds since 1970.
    static let authority = StoreSchema(
        applicationID: 0x5347_6C61,
        migrations: [
            Migration(
                name: "authority",
                sql: """
                    CREATE TABLE licenses(
                        id TEXT PRIMARY KEY NOT NULL,
                        key_digest BLOB NOT NULL UNIQUE,
                        name TEXT NOT NULL,
                        tier TEXT NOT NULL,
                        seats INTEGER NOT NULL,
                        backends INTEGER,
                        agents INTEGER,
                        issued_at INTEGER NOT NULL,
                        expires_at INTEGER,
                        seq INTEGER NOT NULL DEFAULT 0,
                        order_kind TEXT,
                        order_id TEXT,
                        order_reason TEXT,
                        ordered_at INTEGER,
                        effective_at INTEGER);
                    CREATE TABLE seats(
                        license_id TEXT NOT NULL REFERENCES licenses(id),
                        instance_id TEXT NOT NULL,
                        activated_at INTEGER NOT NULL,
                        seen_at INTEGER NOT NULL,
                        version TEXT NOT NULL,
                        counters TEXT NOT NULL DEFAULT '{}',
                        PRIMARY KEY (license_id, instance_id));
                    CREATE TABLE journal(
                        number INTEGER PRIMARY KEY AUTOINCREMENT,
                        at INTEGER NOT NULL,
                        event TEXT NOT NULL,
                        license_id TEXT,
                        instance_id TEXT,
                        detail TEXT NOT NULL);
                    CREATE TRIGGER journal_is_not_changed BEFORE UPDATE ON journal
                        BEGIN SELECT RAISE(ABORT, 'the journal only grows'); END;
                    CREATE TRIGGER journal_is_not_cut BEFORE DELETE ON journal
                        BEGIN SELECT RAISE(ABORT, 'the journal only grows'); END;
                    """)
        ])
}
