import GateCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// One segment that is written: whole records or nothing.
struct AuditFile: ~Copyable {
    let path: String
    private let descriptor: Int32
    private(set) var size: Int

    /// Opens the file, or makes it (0600).
    init(path: String) throws(StoreFailure) {
        self.path = path
        descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .failed("\(path) cannot be opened: \(AuditFile.reason)") }
        var status = stat()
        size = fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
    }

    deinit { close(descriptor) }

    private static var reason: String { String(cString: strerror(errno)) }

    /// Appends and waits for the disk. When it throws `full` or `failed`, the file is as it was.
    mutating func append(_ bytes: [UInt8]) throws(StoreFailure) {
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { part in
                #if canImport(Glibc)
                    Glibc.write(descriptor, part.baseAddress, part.count)
                #elseif canImport(Musl)
                    Musl.write(descriptor, part.baseAddress, part.count)
                #else
                    Darwin.write(descriptor, part.baseAddress, part.count)
                #endif
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let (code, reason) = (errno, AuditFile.reason)
                guard written == 0 || ftruncate(descriptor, off_t(size)) == 0 else {
                    throw .broken("a record was written in part and cannot be taken back: \(reason)")
                }
                throw code == ENOSPC || code == EDQUOT ? .full(reason) : .failed(reason)
            }
            written += count
        }
        #if canImport(Darwin)
            let isOnDisk = fcntl(descriptor, F_FULLFSYNC) == 0
        #else
            let isOnDisk = fdatasync(descriptor) == 0
        #endif
        // After a failure the kernel may have dropped what was written: asking again would only say that all is well.
        guard isOnDisk else { throw .broken("fsync failed: \(AuditFile.reason)") }
        size += written
    }

    /// Cuts off what is behind the last whole record.
    mutating func cut(to length: Int) throws(StoreFailure) {
        guard ftruncate(descriptor, off_t(length)) == 0, fsync(descriptor) == 0 else {
            throw .failed("\(path) cannot be cut: \(AuditFile.reason)")
        }
        size = length
    }
}
