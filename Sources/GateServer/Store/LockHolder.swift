import GateProtocol

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The gateway that uses a data directory, as it wrote itself into the directory's lock.
package struct LockHolder: Sendable, Equatable {
    package let pid: Int32
    /// When it took the directory, in seconds since 1970.
    package let since: Int64?
    /// Where it answers.
    package let url: String?

    package init(pid: Int32, since: Int64?, url: String?) {
        self.pid = pid
        self.since = since
        self.url = url
    }

    /// Reads a lock's content; nil when it names nobody.
    package init?(_ text: [UInt8]) {
        guard let value = try? JSONValue(parsing: text, limits: JSONLimits(depth: 4, nodes: 16)),
            let pid = (value["pid"] ?? value).intValue.flatMap({ Int32(exactly: $0) }), pid > 0
        else { return nil }
        self.init(pid: pid, since: value["since"]?.intValue.map { Int64($0) }, url: value["url"]?.stringValue)
    }

    var text: [UInt8] {
        var object = JSONObject([("pid", .init(Int(pid)))])
        if let since { object["since"] = .init(Int(since)) }
        if let url { object["url"] = .string(url) }
        return JSONValue.object(object).bytes
    }
}

extension LockHolder: CustomStringConvertible {
    /// `process 4711, since 2026-11-24 23:30:11 UTC, http://127.0.0.1:3393`
    package var description: String {
        var parts = ["process \(pid)"]
        if let since = since.flatMap(LockHolder.written) { parts.append("since \(since)") }
        if let url { parts.append(url) }
        return parts.joined(separator: ", ")
    }

    private static func written(_ seconds: Int64) -> String? {
        var seconds = time_t(seconds)
        var parts = tm()
        guard gmtime_r(&seconds, &parts) != nil else { return nil }
        var buffer = [CChar](repeating: 0, count: 64)
        let count = strftime(&buffer, buffer.count, "%Y-%m-%d %H:%M:%S UTC", &parts)
        return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// A data directory as somebody who does not own it sees it.
package struct DirectoryLock: Sendable {
    package enum State: Sendable, Equatable {
        /// Nobody uses the directory, or there is none.
        case free
        /// A gateway uses it; it may not have written who it is yet.
        case held(LockHolder?)
        /// This user may not look.
        case unreadable(String)
    }

    private let path: String

    package init(dataDirectory: String) { path = dataDirectory + "/lock" }

    package var state: State {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            return errno == ENOENT || errno == ENOTDIR ? .free : .unreadable(String(cString: strerror(errno)))
        }
        defer { close(descriptor) }
        if flock(descriptor, LOCK_SH | LOCK_NB) == 0 { return .free }
        return .held(LockHolder(StateDirectory.read(path) ?? []))
    }

    /// Returns when nobody uses the directory any more. Blocks.
    package func waitUntilFree() {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        while flock(descriptor, LOCK_SH) != 0, errno == EINTR {}
    }
}
