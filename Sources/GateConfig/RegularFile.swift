#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A regular file that was read whole, up to a limit.
struct RegularFile {
    /// At most one byte more than the limit, so that a larger file shows.
    var bytes: [UInt8]
    /// Permission bits.
    var mode: UInt32

    /// - Returns: nil when there is no such file.
    /// - Throws: why it cannot be read, in words that follow its name.
    static func read(_ path: String, limit: Int) throws(ConfigMessage) -> RegularFile? {
        guard !path.utf8.contains(0) else { throw ConfigMessage("the path holds a NUL byte") }
        // Without blocking: a FIFO in this place must not hold up the start.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw ConfigMessage("cannot be opened: " + String(cString: strerror(errno)))
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw ConfigMessage("cannot be read: " + String(cString: strerror(errno)))
        }
        guard status.st_mode & S_IFMT == S_IFREG else { throw ConfigMessage("is no regular file") }
        var bytes: [UInt8] = []
        while bytes.count <= limit {
            let wanted = min(65_536, limit + 1 - bytes.count)
            var count = 0
            let chunk = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, initialized in
                count = readOnce(descriptor, buffer)
                initialized = max(count, 0)
            }
            if count < 0 { throw ConfigMessage("cannot be read: " + String(cString: strerror(errno))) }
            if count == 0 { break }
            bytes += chunk
        }
        return RegularFile(bytes: bytes, mode: UInt32(status.st_mode & 0o7777))
    }

    private static func readOnce(_ descriptor: Int32, _ buffer: UnsafeMutableBufferPointer<UInt8>) -> Int {
        #if canImport(Glibc)
            let call = Glibc.read
        #elseif canImport(Musl)
            let call = Musl.read
        #else
            let call = Darwin.read
        #endif
        while true {
            let count = call(descriptor, buffer.baseAddress, buffer.count)
            if count >= 0 || errno != EINTR { return count }
        }
    }
}
