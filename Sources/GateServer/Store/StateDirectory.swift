import Dispatch
import GateStore
package import GateProtocol
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Why the data directory cannot be used, with what to do about it.
package struct StateDirectoryError: Error, CustomStringConvertible {
    package let description: String
    /// Another gateway uses the directory.
    package let isBusy: Bool
    /// Others of this machine can read or change what is the owner's alone; the text has the command that mends it.
    package var isExposed = false
}

/// The gateway's own directory: small files, each replaced as a whole so that a crash leaves the old or the new one.
///
/// One gateway at a time: it holds a lock that ends with the process.
package final class StateDirectory: Sendable {
    package let path: String
    /// What was done to the directory when it was opened, for the log.
    package let notes: [String]
    private let lock: Int32
    /// One writer, so that two versions of a file cannot overtake each other.
    private let writer = DispatchQueue(label: "stonegate.state")
    private let pending = Mutex<[String: [UInt8]]>([:])

    /// Creates the directory where needed (0700) and takes its lock. One of its own that others can enter is closed to them.
    ///
    /// - Parameter url: where this gateway answers, for whoever finds the lock taken.
    package init(path: String, url: String? = nil) throws(StateDirectoryError) {
        self.path = path
        notes = try StateDirectory.makeDirectory(path)
        let descriptor = open("\(path)/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw StateDirectoryError(
                description: "\(path)/lock cannot be opened: \(StateDirectory.reason). Choose another data_dir.",
                isBusy: false)
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let holder = LockHolder(StateDirectory.read("\(path)/lock") ?? [])
            close(descriptor)
            throw StateDirectoryError(
                description: "another stonegate uses \(path)\(holder.map { ": \($0)" } ?? ""). Stop it with "
                    + "`stonegate stop --data-dir \(path)`, or give this one its own server.data_dir and server.port.",
                isBusy: true)
        }
        let holder = LockHolder(pid: getpid(), since: Int64(time(nil)), url: url).text
        ftruncate(descriptor, 0)
        _ = pwrite(descriptor, holder, holder.count, 0)
        lock = descriptor
    }

    deinit { close(lock) }

    /// A file's content; nil when there is none.
    package func read(_ name: String) -> [UInt8]? { StateDirectory.read("\(path)/\(name)") }

    package func json(_ name: String) -> JSONValue? {
        read(name).flatMap { try? JSONValue(parsing: $0, limits: JSONLimits(nodes: 5_000_000)) }
    }

    /// Replaces a file soon, on the writer's thread; of several versions that wait, the last is written.
    package func save(_ name: String, _ content: [UInt8]) {
        let isFirst = pending.withLock { $0.updateValue(content, forKey: name) == nil }
        guard isFirst else { return }
        writer.async { [self] in
            guard let content = pending.withLock({ $0.removeValue(forKey: name) }) else { return }
            _ = write(name, content)
        }
    }

    /// Replaces a file soon, with what `content` makes of it on the writer's thread; `then` is called there when it has been
    /// written, or could not be. For files that are not saved in another way.
    func save(
        _ name: String, _ content: @escaping @Sendable () -> [UInt8], then done: @escaping @Sendable () -> Void
    ) {
        writer.async { [self] in
            _ = write(name, content())
            done()
        }
    }

    /// Replaces a file now and returns when it is on the disk.
    package func saveNow(_ name: String, _ content: [UInt8]) throws(GateError) {
        let failure = writer.sync { write(name, content) }
        if let failure {
            throw GateError(.storageFailed, "\(path)/\(name) could not be written: \(failure).")
        }
    }

    /// Waits until everything that was to be saved is saved.
    package func flush() { writer.sync {} }

    private func write(_ name: String, _ content: [UInt8]) -> String? {
        PrivateFile.replace("\(path)/\(name)", temporary: "\(path)/.\(name).new", content)
    }

    static func read(_ path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var content: [UInt8] = []
        while true {
            let chunk = [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
                #if canImport(Glibc)
                    count = max(0, Glibc.read(descriptor, buffer.baseAddress, buffer.count))
                #else
                    count = max(0, Darwin.read(descriptor, buffer.baseAddress, buffer.count))
                #endif
            }
            if chunk.isEmpty { return content }
            content += chunk
        }
    }

    static var reason: String { String(cString: strerror(errno)) }
}

extension StateDirectory {
    /// Random bytes that are made once and kept for the owner alone; made anew when others could read them.
    package func secret(_ name: String, bytes count: Int) throws(GateError) -> [UInt8] {
        var status = stat()
        let isPrivate =
            lstat("\(path)/\(name)", &status) == 0 && status.st_mode & S_IFMT == S_IFREG && status.st_mode & 0o077 == 0
        if isPrivate, let known = read(name), known.count == count { return known }
        var random = SystemRandomNumberGenerator()
        let made = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
        try saveNow(name, made)
        return made
    }
}
