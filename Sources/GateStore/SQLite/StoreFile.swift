package import GateCore
package import GRDB

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Opens one database file: looks before it touches, moves a damaged one aside, and brings an older one to the present form.
package struct StoreFile: Sendable {
    let path: String
    let schema: StoreSchema
    /// Whether a commit waits for the disk. False: after a crash of the machine the last moments may be missing.
    let isDurable: Bool
    /// Whether other processes use the file at the same time: then they wait for each other, and SQLite itself carries the log of writes over.
    let isShared: Bool
    /// What to do about a file that is not ours, or too new.
    let advice: String

    package init(
        path: String, schema: StoreSchema, isDurable: Bool, isShared: Bool = false,
        advice: String = "set another server.data_dir"
    ) {
        self.path = path
        self.schema = schema
        self.isDurable = isDurable
        self.isShared = isShared
        self.advice = advice
    }

    /// A file up to this size is checked as a whole at the start; of a larger one what is read is checked.
    private static let wholeCheckBytes = 256 * 1_024 * 1_024

    /// - Parameters:
    ///   - salvage: carries over what can be read of a damaged file that has been moved aside: gets where it lies and the new database.
    ///     nil: a damaged file is an error, and is left as it is.
    ///   - report: told in words what was done with a damaged file.
    /// - Throws: ``StoreFailure/broken(_:)`` for a file of a newer version or of another program, which is left as it is.
    package func open(
        salvage: ((String, DatabasePool) -> Int)?, report: (String) -> Void = { _ in }
    ) throws(StoreFailure) -> DatabasePool {
        let (head, size) = try readHead()
        if size > 0 {
            guard let head else { return try replace(why: "it is no database", salvage, report) }
            guard head.applicationID == schema.applicationID || head.userVersion == 0 else {
                throw .broken("\(path) is the file of another program. Move it away, or \(advice).")
            }
            guard head.userVersion <= schema.version else { throw newer(head.userVersion) }
            if head.applicationID != schema.applicationID { try refuseForeign() }
        }
        let opened: Opened
        do throws(StoreFailure) {
            opened = try openSound(size)
        } catch {
            guard case .broken(let reason) = error, size > 0 || exists(path + "-wal") else { throw error }
            return try replace(why: reason, salvage, report)
        }
        return try kept(opened)
    }

    private func kept(_ opened: Opened) throws(StoreFailure) -> DatabasePool {
        switch opened {
        case .sound(let pool): return pool
        case .newer(let version): throw newer(version)
        }
    }

    private enum Opened {
        case sound(DatabasePool)
        /// Another version's, which is not damaged and is left as it is.
        case newer(Int32)
    }

    /// A file without a name of its own may be one of ours that was being made when the process ended: then it is empty, or what it holds
    /// is in the log of writes and says whose it is.
    private func refuseForeign() throws(StoreFailure) {
        var configuration = Configuration()
        configuration.readonly = true
        guard let database = try? DatabaseQueue(path: path, configuration: configuration) else { return }
        let isForeign = try? database.read { database in
            try Int32.fetchOne(database, sql: "PRAGMA application_id") != schema.applicationID
                && Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_master") != 0
        }
        try? database.close()
        if isForeign == true {
            throw .broken("\(path) is the file of another program. Move it away, or \(advice).")
        }
    }

    private func newer(_ version: Int32) -> StoreFailure {
        .broken(
            "a newer stonegate wrote \(path) (version \(version), this one knows \(schema.version)). Start that one, or "
                + "\(advice). The file was not changed.")
    }

    private func openSound(_ size: Int) throws(StoreFailure) -> Opened {
        do {
            let pool = try DatabasePool(path: path, configuration: configuration)
            for suffix in ["", "-wal", "-shm"] { chmod(path + suffix, 0o600) }
            let newer = try pool.writeWithoutTransaction { database -> Int32? in
                // The pool itself has made it NORMAL, which does not wait for the disk at a commit.
                try database.execute(sql: "PRAGMA synchronous = \(isDurable ? "FULL" : "NORMAL")")
                // What lies in the log of writes counts, and is not in the file's head yet.
                let version = try Int32.fetchOne(database, sql: "PRAGMA user_version") ?? 0
                guard version <= schema.version else { return version }
                if size <= StoreFile.wholeCheckBytes {
                    let verdict = try String.fetchOne(database, sql: "PRAGMA quick_check(1)") ?? "ok"
                    guard verdict == "ok" else { throw StoreFailure.broken(verdict) }
                }
                try schema.migrate(database)
                return nil
            }
            return newer.map { .newer($0) } ?? .sound(pool)
        } catch {
            throw StoreFailure(error)
        }
    }

    private var configuration: Configuration {
        var configuration = Configuration()
        configuration.maximumReaderCount = 2
        configuration.journalMode = .wal
        if isShared { configuration.busyMode = .timeout(10) }
        let isShared = isShared
        configuration.prepareDatabase { database in
            guard !database.configuration.readonly, !isShared else { return }
            // Carried over by the writer between two commits, so that no commit waits for it.
            try database.execute(sql: "PRAGMA wal_autocheckpoint = 0")
        }
        return configuration
    }

    // MARK: A damaged file

    private func replace(
        why: String, _ salvage: ((String, DatabasePool) -> Int)?, _ report: (String) -> Void
    ) throws(StoreFailure) -> DatabasePool {
        guard let salvage else {
            throw .broken("\(path) is damaged (\(why)). Put back a copy of it, or \(advice). The file was not changed.")
        }
        let directory = parent + "/quarantine"
        mkdir(directory, 0o700)
        let aside = directory + "/" + name + ".\(time(nil)).\(getpid())"
        for suffix in ["", "-wal", "-shm"] where exists(path + suffix) {
            guard rename(path + suffix, aside + suffix) == 0 else {
                throw .broken(
                    "\(path) is damaged (\(why)) and cannot be moved aside: \(String(cString: strerror(errno)))")
            }
        }
        // A file that has just been made is of this version.
        let pool = try kept(openSound(0))
        let count = salvage(aside, pool)
        report(
            "\(path) is damaged (\(why)). It was moved to \(aside), where it stays; \(count) records could be read and were carried over."
        )
        return pool
    }

    private var parent: String {
        path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    }
    private var name: Substring { path.split(separator: "/").last ?? "" }

    private func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    // MARK: The head

    private struct Head {
        let applicationID: Int32
        let userVersion: Int32
    }

    /// Reads the first 100 bytes (sqlite.org/fileformat2.html, 1.3), so that a file that is not ours is not even opened.
    private func readHead() throws(StoreFailure) -> (head: Head?, size: Int) {
        let descriptor = openForReading(path)
        guard descriptor >= 0 else {
            if errno == ENOENT { return (nil, 0) }
            throw .broken("\(path) cannot be opened: \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 100)
        let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        var status = stat()
        fstat(descriptor, &status)
        guard count == 100, bytes.starts(with: "SQLite format 3\u{0}".utf8) else { return (nil, Int(status.st_size)) }
        func number(_ offset: Int) -> Int32 {
            bytes[offset..<(offset + 4)].reduce(Int32(0)) { $0 << 8 | Int32($1) }
        }
        return (Head(applicationID: number(68), userVersion: number(60)), Int(status.st_size))
    }
}

/// Not hidden by the method of the same name.
private func openForReading(_ path: String) -> Int32 { open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) }
