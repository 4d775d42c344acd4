import GateTestKit

/// A named pipe: what programs write into it is seen line by line, and a program that reads from it waits for the test.
final class Pipe: Sendable {
    let path: String
    private let reader: Program?

    private init(path: String, reader: Program?) {
        self.path = path
        self.reader = reader
    }

    /// Takes what is written into it. It has no end: programs that write may come and go.
    static func reading(_ path: String) async throws -> Pipe {
        try await make(path)
        let reader = try Program("/bin/sh", ["-c", "exec 3<>\"$0\"; echo open; exec cat <&3", path])
        _ = try await reader.output.first { $0 == "open" }
        return Pipe(path: path, reader: reader)
    }

    /// A program waits in `read LINE <path` until the test calls ``open()``.
    static func gate(_ path: String) async throws -> Pipe {
        try await make(path)
        return Pipe(path: path, reader: nil)
    }

    /// Lets one waiting program go on.
    func open() async throws {
        let run = try await Program.run("/bin/sh", ["-c", "echo go >\"$0\"", path])
        guard run.exit == .code(0) else { throw TestKitError("the gate does not open: \(run.errors)") }
    }

    /// Waits for a line that contains `text`.
    func line(_ text: String) async throws {
        _ = try await reader?.output.first { $0.contains(text) }
    }

    private static func make(_ path: String) async throws {
        let run = try await Program.run("/usr/bin/mkfifo", [path])
        guard run.exit == .code(0) else { throw TestKitError("mkfifo: \(run.errors)") }
    }
}
