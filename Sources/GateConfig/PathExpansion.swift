/// Makes the path-like values absolute.
struct PathExpansion: Sendable {
    /// Value of HOME; nil when there is none.
    let home: String?

    /// The path with `~` replaced, relative to `base` when it is not absolute, without `.` and empty parts.
    ///
    /// `..` is kept: what it means depends on symbolic links.
    func absolute(_ path: String, base: String?) throws(ConfigMessage) -> String {
        let path = try withHome(path)
        guard !path.isEmpty else { throw ConfigMessage("must not be empty") }
        if path.utf8.first == UInt8(ascii: "/") { return Self.tidy(path) }
        guard let base else { throw ConfigMessage("must be an absolute path") }
        return Self.tidy(base + "/" + path)
    }

    /// A command: a bare name stays as it is and is looked up in PATH when the backend starts.
    func command(_ command: String, base: String?) throws(ConfigMessage) -> String {
        guard !command.isEmpty else { throw ConfigMessage("must not be empty") }
        let isPath = command.utf8.contains(UInt8(ascii: "/")) || command.utf8.first == UInt8(ascii: "~")
        return isPath ? try absolute(command, base: base) : command
    }

    private func withHome(_ path: String) throws(ConfigMessage) -> String {
        guard path.utf8.first == UInt8(ascii: "~") else { return path }
        let tail = path.utf8.dropFirst()
        guard tail.isEmpty || tail.first == UInt8(ascii: "/") else {
            throw ConfigMessage("only '~' and '~/…' are expanded, not another user's home; write the absolute path")
        }
        guard let home, home.utf8.first == UInt8(ascii: "/") else {
            throw ConfigMessage("uses '~', but HOME is not set to an absolute path; write the absolute path")
        }
        return home + String(decoding: tail, as: UTF8.self)
    }

    private static func tidy(_ path: String) -> String {
        let parts = path.utf8.split(separator: UInt8(ascii: "/")).filter { !$0.elementsEqual(".".utf8) }
        return "/" + parts.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "/")
    }

    /// The directory part of a path; `.` when it has none.
    static func directory(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.utf8.startIndex ? "/" : String(decoding: path.utf8[..<slash], as: UTF8.self)
    }
}
