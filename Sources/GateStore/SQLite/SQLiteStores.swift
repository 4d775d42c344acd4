package import GateCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The stores of one data directory. That no other gateway uses it is for the holder of the directory's lock to see to.
package struct SQLiteStores: Sendable {
    package let calls: SQLiteCallStore
    package let log: SQLiteCallLogStore
    package let pins: SQLitePinStore

    /// Opens the files in `store/` of the data directory, or makes them.
    ///
    /// - Parameters:
    ///   - maxResultBytes: what the outcomes of calls may take.
    ///   - report: told in words what was done with a damaged file.
    /// - Throws: when a file belongs to a newer version or another program, or cannot be used.
    package init(
        directory: String, maxResultBytes: Int, report: (String) -> Void
    ) throws(StoreFailure) {
        let store = directory + "/store"
        guard mkdir(store, 0o700) == 0 || errno == EEXIST else {
            throw .failed("\(store) cannot be made: \(String(cString: strerror(errno)))")
        }
        calls = try SQLiteCallStore(path: store + "/calls.db", maxBytes: maxResultBytes, report: report)
        log = try SQLiteCallLogStore(path: store + "/log.db", report: report)
        pins = try SQLitePinStore(path: store + "/pins.db", report: report)
    }

    /// Carries all over into the files and closes them.
    package func close() async {
        await calls.close()
        await log.close()
        await pins.close()
    }
}
