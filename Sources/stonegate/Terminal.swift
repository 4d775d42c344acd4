#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Text for the person at the terminal; data goes to stdout, everything said about it to stderr.
enum Terminal {
    static func error(_ text: String) { note("stonegate: \(text)") }

    static func note(_ text: String) { prompt(text + "\n") }

    /// Without an end of the line.
    static func prompt(_ text: String) {
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
