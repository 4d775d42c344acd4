#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Making the directory, and seeing to it that it is the gateway's alone.
extension StateDirectory {
    /// - Returns: what was done to it, for the log.
    static func makeDirectory(_ path: String) throws(StateDirectoryError) -> [String] {
        var built = ""
        for part in path.split(separator: "/") {
            built += "/\(part)"
            if mkdir(built, 0o700) == 0 || errno == EEXIST { continue }
            throw StateDirectoryError(
                description: "the data directory \(path) cannot be made: \(reason). Set server.data_dir to a directory "
                    + "that you may write.", isBusy: false)
        }
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, access(path, W_OK) == 0 else {
            throw StateDirectoryError(
                description: "\(path) is no directory that stonegate may write. Set server.data_dir.", isBusy: false)
        }
        guard status.st_uid == geteuid() else {
            throw StateDirectoryError(
                description: "\(path) belongs to another user. Set server.data_dir to a directory of your own.",
                isBusy: false, isExposed: true)
        }
        // Whoever owns a link can lead it elsewhere at any time. The system's own links are root's.
        var link = stat()
        guard lstat(path, &link) == 0, link.st_uid == geteuid() || link.st_uid == 0 else {
            throw StateDirectoryError(
                description: "\(path) is a link of another user, who can lead it elsewhere. Set server.data_dir to the "
                    + "directory itself.", isBusy: false, isExposed: true)
        }
        return try closeToOthers(path, mode: UInt32(status.st_mode))
    }

    private static func closeToOthers(_ path: String, mode: UInt32) throws(StateDirectoryError) -> [String] {
        switch DirectoryExposure(path: path, mode: mode, entries: entries(of: path)).remedy {
        case .none: return []
        case .refuse(let what):
            throw StateDirectoryError(
                description:
                    "\(path) \(what) Run: chmod 700 \(path) — or set server.data_dir to a directory of your own.",
                isBusy: false, isExposed: true)
        case .close:
            guard chmod(path, 0o700) == 0 else {
                throw StateDirectoryError(
                    description: "\(path) can be entered by other users of this machine, and cannot be closed to them "
                        + "(\(reason)). Run: chmod 700 \(path) — or set server.data_dir to a directory of your own.",
                    isBusy: false, isExposed: true)
            }
            return ["\(path) could be entered by other users of this machine; it is closed to them now (mode 0700)"]
        }
    }

    private static func entries(of path: String) -> [DirectoryExposure.Entry] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var entries: [DirectoryExposure.Entry] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard name != ".", name != ".." else { continue }
            var status = stat()
            let isOurs =
                fstatat(dirfd(directory), name, &status, AT_SYMLINK_NOFOLLOW) == 0 && status.st_uid == geteuid()
            entries.append(.init(name: name, isOurs: isOurs))
        }
        return entries
    }
}
