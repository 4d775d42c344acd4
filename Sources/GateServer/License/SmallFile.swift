import GateStore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// One small file outside the data directory, or one whose troubles are to be told apart.
enum SmallFile {
    static func read(_ path: String, most: Int) -> LicenseFiles.Found {
        // Never wait for a pipe that somebody has put there.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            return errno == ENOENT ? .nothing : .unusable("\(path) cannot be read: \(reason)")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            return .unusable("\(path) is no file")
        }
        guard status.st_size <= most else { return .unusable("\(path) is larger than \(most) bytes") }
        var content: [UInt8] = []
        while content.count <= most {
            var failed = false
            let chunk = [UInt8](unsafeUninitializedCapacity: 16_384) { buffer, count in
                #if canImport(Glibc)
                    let got = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
                #else
                    let got = Darwin.read(descriptor, buffer.baseAddress, buffer.count)
                #endif
                failed = got < 0 && errno != EINTR
                count = max(0, got)
            }
            if failed { return .unusable("\(path) cannot be read: \(reason)") }
            if chunk.isEmpty { return .bytes(content) }
            content += chunk
        }
        return .unusable("\(path) is larger than \(most) bytes")
    }

    /// Puts a whole new file, for the owner alone, in the place of the old one.
    /// - Returns: why it could not.
    static func replace(_ path: String, _ content: [UInt8]) -> String? {
        PrivateFile.replace(path, temporary: path + ".new", content).map { "\(path) could not be written: \($0)" }
    }

    static func remove(_ path: String) -> String? {
        unlink(path) == 0 || errno == ENOENT ? nil : "\(path) could not be removed: \(reason)"
    }

    private static var reason: String { String(cString: strerror(errno)) }
}
