#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Where a command writes: answers on stdout, everything else on stderr.
package enum Console {
    /// Writes a line for people.
    package static func print(_ text: String) { write(Array((text + "\n").utf8), to: 1) }

    /// Writes JSON, byte for byte, and a line break.
    package static func print(json: [UInt8]) { write(json + [UInt8(ascii: "\n")], to: 1) }

    /// Writes bytes as they are.
    ///
    /// - Returns: false when nobody reads any more.
    @discardableResult
    package static func write(raw: [UInt8]) -> Bool { write(raw, to: 1) }

    package static func complain(_ text: String) { write(Array((text + "\n").utf8), to: 2) }

    /// Writes to stderr without a line break.
    package static func complain(raw text: String) { write(Array(text.utf8), to: 2) }

    package static var isTerminal: Bool { isatty(1) == 1 }
    package static var errorsAreTerminal: Bool { isatty(2) == 1 }

    /// Columns of the terminal on stdout; nil when there is none.
    package static var width: Int? {
        var size = winsize()
        guard isTerminal, ioctl(1, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    /// Everything on stdin.
    ///
    /// - Returns: nil when there is more than `limit` bytes, or it cannot be read.
    package static func readAll(limit: Int) -> [UInt8]? {
        var all: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(0, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0, all.count + count <= limit else { return nil }
            if count == 0 { return all }
            all += chunk.prefix(count)
        }
    }

    @discardableResult
    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            #if canImport(Glibc)
                let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            #elseif canImport(Musl)
                let count = rest.withUnsafeBytes { Musl.write(descriptor, $0.baseAddress, $0.count) }
            #else
                let count = rest.withUnsafeBytes { Darwin.write(descriptor, $0.baseAddress, $0.count) }
            #endif
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}
