import GateStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The directory of an authority: `keys.json`, which holds its secrets, and `authority.db`. Its owner's alone.
struct AuthorityFolder: Sendable {
    let path: String
    var keysFile: String { path + "/keys.json" }
    var database: String { path + "/authority.db" }
    /// Far above what two keys and eight rotations take.
    private static let keysLimit = 64 * 1024

    /// Makes the directory where needed.
    func make() throws(AuthorityError) {
        var built = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            built += "/\(part)"
            guard mkdir(built, 0o700) == 0 || errno == EEXIST else {
                throw AuthorityError(.directory, "\(built) cannot be made: \(reason). Choose another --dir.")
            }
        }
        try checkPrivate()
    }

    /// - Throws: when others could read the keys or put files of theirs in their place.
    func checkPrivate() throws(AuthorityError) {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw AuthorityError(
                .directory, "There is no authority in \(path). Make one with: stonegate authority init --dir \(path)")
        }
        guard status.st_uid == geteuid(), status.st_mode & 0o077 == 0 else {
            throw AuthorityError(
                .directory, "\(path) is open to other users of this machine. Run as its owner: chmod 700 \(path)")
        }
    }

    var hasKeys: Bool {
        var status = stat()
        return lstat(keysFile, &status) == 0
    }

    func readKeys() throws(AuthorityError) -> AuthorityKeys {
        let descriptor = open(keysFile, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            throw AuthorityError(
                .directory,
                errno == ENOENT
                    ? "There is no authority in \(path). Make one with: stonegate authority init --dir \(path)"
                    : "\(keysFile) cannot be read: \(reason).")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_mode & 0o077 == 0 else {
            throw AuthorityError(
                .directory,
                "\(keysFile) can be read by other users of this machine: its keys may be known. Run: chmod 600 \(keysFile) — and "
                    + "make a new authority if somebody may have looked.")
        }
        var content = [UInt8](repeating: 0, count: AuthorityFolder.keysLimit)
        var count = 0
        while count < content.count {
            let more = content[count...].withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if more < 0, errno == EINTR { continue }
            guard more > 0 else { break }
            count += more
        }
        guard let keys = AuthorityKeys(fileContent: Array(content.prefix(count))) else {
            throw AuthorityError(.directory, "\(keysFile) is damaged. Put back a copy of it.")
        }
        return keys
    }

    /// Replaces the keys as a whole: after a crash there are the old or the new ones.
    func writeKeys(_ keys: AuthorityKeys) throws(AuthorityError) {
        if let reason = PrivateFile.replace(keysFile, temporary: keysFile + ".new", keys.fileContent) {
            throw AuthorityError(.storage, "\(keysFile) could not be written: \(reason). Nothing has changed.")
        }
    }

    private var reason: String { String(cString: strerror(errno)) }
}
