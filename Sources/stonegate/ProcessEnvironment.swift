#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What this process was started with.
enum ProcessEnvironment {
    static var current: [String: String] {
        var variables: [String: String] = [:]
        var entry = environ
        while let pair = entry.pointee {
            let text = String(cString: pair)
            if let equals = text.utf8.firstIndex(of: UInt8(ascii: "=")) {
                variables[String(text[..<equals])] = String(text[text.utf8.index(after: equals)...])
            }
            entry += 1
        }
        return variables
    }

    static var directory: String {
        guard let path = getcwd(nil, 0) else { return "/" }
        defer { free(path) }
        return String(cString: path)
    }

    /// The absolute path of this program.
    static var executable: String? {
        #if os(Linux)
            guard let path = realpath("/proc/self/exe", nil) else { return nil }
        #else
            guard let first = CommandLine.arguments.first, let path = realpath(first, nil) else { return nil }
        #endif
        defer { free(path) }
        return String(cString: path)
    }

    /// The path of a program beside this one, shorter where it lies below the working directory.
    static func sibling(_ name: String) -> String? {
        guard let own = executable, let slash = own.utf8.lastIndex(of: UInt8(ascii: "/")) else { return nil }
        let path = own[...slash] + name
        guard access(String(path), X_OK) == 0 else { return nil }
        let directory = directory + "/"
        return path.utf8.starts(with: directory.utf8) ? String(path.dropFirst(directory.count)) : String(path)
    }
}
