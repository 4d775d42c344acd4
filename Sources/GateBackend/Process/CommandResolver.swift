import CSpawn

/// What lies at a path, as far as starting it goes.
package enum FileProbe: Sendable, Equatable {
    case missing, directory, notExecutable, executable

    /// Asks the file system, with the rights of this process.
    package static func of(_ path: String) -> FileProbe {
        switch csp_file_kind(path) {
        case CSP_FILE_EXECUTABLE: .executable
        case CSP_FILE_DIRECTORY: .directory
        case CSP_FILE_PLAIN: .notExecutable
        default: .missing
        }
    }
}

/// Turns the `command` of a backend into the absolute path of a program. No shell is involved.
package struct CommandResolver: Sendable {
    /// As in `PATH`. Relative and empty entries are passed over: what is run must not depend on a directory.
    package var searchPath: String
    /// For `~/`. Absolute.
    package var home: String
    /// For `./x` and `dir/x`: the backend's `cwd`. Absolute.
    package var workingDirectory: String
    package var probe: @Sendable (String) -> FileProbe

    package init(
        searchPath: String, home: String, workingDirectory: String,
        probe: @escaping @Sendable (String) -> FileProbe = { FileProbe.of($0) }
    ) {
        self.searchPath = searchPath
        self.home = home
        self.workingDirectory = workingDirectory
        self.probe = probe
    }

    package func resolve(_ command: String) throws(SpawnFailure) -> String {
        guard !command.isEmpty, !command.utf8.contains(0) else {
            throw SpawnFailure(.invalidRequest, "`command` is empty or holds a NUL byte. Name the program to start.")
        }
        if command.utf8.contains(UInt8(ascii: "/")) {
            let path = try absolute(command)
            try check(path, command)
            return path
        }
        var blocked: String?
        for directory in searchPath.split(separator: ":") where directory.utf8.first == UInt8(ascii: "/") {
            let path = directory.utf8.last == UInt8(ascii: "/") ? "\(directory)\(command)" : "\(directory)/\(command)"
            switch probe(path) {
            case .executable: return path
            case .notExecutable: blocked = blocked ?? path
            case .directory, .missing: continue
            }
        }
        if let blocked { try check(blocked, command) }
        throw SpawnFailure(.notFound, "`\(command)` was not found in PATH (\(searchPath)). \(advice(command))")
    }

    private func absolute(_ command: String) throws(SpawnFailure) -> String {
        if command.utf8.first == UInt8(ascii: "/") { return command }
        if command.utf8.starts(with: "~/".utf8) { return home + command.dropFirst(1) }
        if command.utf8.first == UInt8(ascii: "~") {
            throw SpawnFailure(
                .invalidRequest, "`\(command)`: only `~/` is understood. Write the home directory in full.")
        }
        let relative = command.utf8.starts(with: "./".utf8) ? String(command.dropFirst(2)) : command
        return "\(workingDirectory)/\(relative)"
    }

    private func check(_ path: String, _ command: String) throws(SpawnFailure) {
        switch probe(path) {
        case .executable: return
        case .directory:
            throw SpawnFailure(.notExecutable, "\(path) is a directory. Name the program in it.")
        case .notExecutable:
            throw SpawnFailure(.notExecutable, "\(path) may not be executed. Run `chmod +x` on it.")
        case .missing:
            throw SpawnFailure(.notFound, "\(path) does not exist. \(advice(command))")
        }
    }

    private func advice(_ command: String) -> String {
        if command.utf8.contains(UInt8(ascii: " ")) {
            return "`command` names the program alone; put what follows it into `args`."
        }
        let remedy =
            switch command {
            case "npx", "node", "npm": "Install Node.js"
            case "uvx", "uv": "Install uv (https://docs.astral.sh/uv)"
            case "docker": "Install Docker"
            case "python", "python3", "pipx": "Install Python"
            case "bunx", "bun": "Install Bun"
            case "deno": "Install Deno"
            default: "Install it"
            }
        return "\(remedy), or write the full path of the program into `command`."
    }
}
