#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import Dispatch

/// Keys in a file, where the gateway is not to ask anybody.
package struct KeyFile: Sendable {
    /// How often it is read again.
    package static let period = Duration.seconds(60)

    package let path: String
    private let queue = DispatchQueue(label: "stonegate.keys")

    package init(path: String) { self.path = path }

    /// Reads it on a thread that may block.
    package func ask() async -> Result<KeySet, KeyFault> {
        await withCheckedContinuation { done in
            queue.async { done.resume(returning: Result { () throws(KeyFault) in try read() }) }
        }
    }

    package func read() throws(KeyFault) -> KeySet {
        let bytes = try content()
        do throws(KeySet.Fault) {
            return try KeySet(bytes)
        } catch {
            throw KeyFault("\(path) \(error.words)")
        }
    }

    private func content() throws(KeyFault) -> [UInt8] {
        func reason() -> String { String(cString: strerror(errno)) }
        guard !path.utf8.contains(0) else { throw KeyFault("the path holds a NUL byte") }
        // Without blocking: a FIFO in this place must not hold up the start.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw KeyFault("\(path) cannot be opened: \(reason())") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw KeyFault("\(path) cannot be read: \(reason())") }
        guard status.st_mode & S_IFMT == S_IFREG else { throw KeyFault("\(path) is no regular file") }
        var bytes: [UInt8] = []
        // One byte more than a set may have tells that it is too large.
        while bytes.count <= KeySet.maxBytes {
            var chunk = [UInt8](repeating: 0, count: 65_536)
            let count = chunk.withUnsafeMutableBytes { KeyFile.systemRead(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw KeyFault("\(path) cannot be read: \(reason())") }
            if count == 0 { break }
            bytes += chunk.prefix(count)
        }
        return bytes
    }

    #if canImport(Glibc)
        private static let systemRead = Glibc.read
    #elseif canImport(Musl)
        private static let systemRead = Musl.read
    #else
        private static let systemRead = Darwin.read
    #endif
}
