#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Files of the owner alone that are replaced as a whole.
package enum PrivateFile {
    /// Puts a whole file, on the disk and for the owner alone, in the place of another: after a crash there is the old or the new one.
    /// - Parameter temporary: where it is written first, in the same directory.
    /// - Returns: why it could not; the old one is still there then.
    package static func replace(_ path: String, temporary: String, _ content: [UInt8]) -> String? {
        // What an earlier run left there may have another mode or lead elsewhere.
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return reason }
        var written = 0
        while written < content.count {
            let count = content[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                let reason = reason
                close(descriptor)
                unlink(temporary)
                return reason
            }
            written += count
        }
        let isOnDisk = fsync(descriptor) == 0
        let syncReason = reason
        guard close(descriptor) == 0, isOnDisk, rename(temporary, path) == 0 else {
            let reason = isOnDisk ? reason : syncReason
            unlink(temporary)
            return reason
        }
        syncDirectory(of: path)
        return nil
    }

    /// Without this a power cut may bring the old file back. Some file systems cannot; then nothing more can be done.
    private static func syncDirectory(of path: String) {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return }
        let directory = open(slash == path.utf8.startIndex ? "/" : String(path[..<slash]), O_RDONLY | O_CLOEXEC)
        guard directory >= 0 else { return }
        fsync(directory)
        close(directory)
    }

    private static var reason: String { String(cString: strerror(errno)) }
}
