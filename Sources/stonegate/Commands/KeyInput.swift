import GateProtocol

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Where a license key comes from, other than the command's own words.
enum KeyInput {
    /// No key is longer, whatever stands around it.
    private static let most = 4_096

    /// - Parameter path: `-` for standard input.
    static func read(_ path: String) throws(GateError) -> String {
        guard path != "-" else { return try line(STDIN_FILENO) }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw GateError(
                .badRequest, "\(path) cannot be read: \(String(cString: strerror(errno))).", source: .caller)
        }
        defer { close(descriptor) }
        return try line(descriptor)
    }

    /// Asks at the terminal, without showing what is typed.
    static func ask() throws(GateError) -> String {
        guard isatty(STDIN_FILENO) == 1 else {
            throw GateError(
                .badRequest,
                "Nobody can be asked for the key here. Use --key-file PATH, or --key-file - for standard input.",
                source: .caller)
        }
        Terminal.prompt("License key: ")
        var settings = termios()
        tcgetattr(STDIN_FILENO, &settings)
        var hidden = settings
        hidden.c_lflag &= ~tcflag_t(ECHO)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden)
        defer {
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &settings)
            Terminal.prompt("\n")
        }
        return try line(STDIN_FILENO)
    }

    private static func line(_ descriptor: Int32) throws(GateError) -> String {
        var text: [UInt8] = []
        var byte: UInt8 = 0
        while text.count < most {
            let count = readByte(descriptor, &byte)
            if count < 0, errno == EINTR { continue }
            guard count > 0, byte != 0x0A || text.isEmpty else { break }
            if byte != 0x0A { text.append(byte) }
        }
        return String(decoding: text, as: UTF8.self)
    }
}

/// The C function, whatever the system calls its module.
private func readByte(_ descriptor: Int32, _ byte: inout UInt8) -> Int { read(descriptor, &byte, 1) }
