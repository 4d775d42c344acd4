#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The content of a configuration file.
package struct ConfigFile: Sendable, Equatable {
    /// As the user named it; messages show it so.
    package var path: String
    package var bytes: [UInt8]
    /// Permission bits; nil when the content does not come from a file.
    package var mode: UInt32?

    package init(path: String, bytes: [UInt8], mode: UInt32? = nil) {
        self.path = path
        self.bytes = bytes
        self.mode = mode
    }

    /// Reads the file, at most one byte more than a configuration may have.
    ///
    /// - Returns: nil when there is no such file.
    /// - Throws: a problem when it cannot be read or is no regular file.
    package static func read(_ path: String) throws(ConfigProblem) -> ConfigFile? {
        func problem(_ message: String) -> ConfigProblem {
            ConfigProblem(origin: .file(path: path, line: nil, column: nil), key: "", message: message)
        }
        guard !path.utf8.contains(0) else { throw problem("the path holds a NUL byte") }
        // Without blocking: a FIFO in this place must not hold up the start.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw problem("cannot be opened: " + String(cString: strerror(errno)))
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw problem("cannot be read: " + String(cString: strerror(errno)))
        }
        guard status.st_mode & S_IFMT == S_IFREG else { throw problem("is no regular file") }
        var bytes: [UInt8] = []
        while bytes.count <= TOMLReader.maxBytes {
            let wanted = min(65_536, TOMLReader.maxBytes + 1 - bytes.count)
            var count = 0
            let chunk = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, initialized in
                count = Self.readOnce(descriptor, buffer)
                initialized = max(count, 0)
            }
            if count < 0 { throw problem("cannot be read: " + String(cString: strerror(errno))) }
            if count == 0 { break }
            bytes += chunk
        }
        return ConfigFile(path: path, bytes: bytes, mode: UInt32(status.st_mode & 0o7777))
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

extension LoadedConfig {
    /// What to tell the owner when others on the machine can read secrets in the file; nil when all is well.
    ///
    /// - Parameter mode: the file's permission bits (`ConfigFile.mode`).
    package func exposureWarning(mode: UInt32?) -> String? {
        guard let path, let mode, mode & 0o044 != 0, let first = literalSecrets.first else { return nil }
        let others = literalSecrets.count > 1 ? " and \(literalSecrets.count - 1) more" : ""
        return "\(path) holds secrets (\(first)\(others)) and can be read by other users of this machine; "
            + "run: chmod 600 \(path), or move them to environment variables and write ${NAME}"
    }
}
