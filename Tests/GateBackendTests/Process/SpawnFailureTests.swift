import Testing

@testable import GateBackend

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite struct SpawnFailureTests {
    /// Files that cannot be started, in a directory that goes away with this object.
    final class BadFiles: Sendable {
        let directory: String
        var noInterpreter: String { directory + "/no-interpreter" }
        var notExecutable: String { directory + "/not-executable" }
        var noFormat: String { directory + "/no-format" }
        var windows: String { directory + "/windows" }

        init() throws {
            var template = Array("/tmp/stonegate-spawn-XXXXXX".utf8CString)
            directory = String(cString: try #require(mkdtemp(&template)))
            try make(noInterpreter, "#!/nonexistent/interpreter -x\necho\n", 0o755)
            try make(notExecutable, "#!/bin/sh\n", 0o644)
            try make(noFormat, "echo no first line\n", 0o755)
            try make(windows, "#!/bin/sh\r\necho\r\n", 0o755)
        }

        private func make(_ path: String, _ text: String, _ mode: mode_t) throws {
            let file = try #require(fopen(path, "we"))
            fputs(text, file)
            fclose(file)
            chmod(path, mode)
        }

        deinit {
            for path in [noInterpreter, notExecutable, noFormat, windows] { unlink(path) }
            rmdir(directory)
        }
    }

    private func failure(_ spec: ProcessSpec) async throws -> SpawnFailure {
        let failure = await #expect(throws: SpawnFailure.self) { _ = try await ProcessSpawner.shared.spawn(spec) }
        return try #require(failure)
    }

    @Test func eachCauseHasItsMessage() async throws {
        let files = try BadFiles()
        var found = try await failure(ProcessSpec(executable: "/nonexistent/x"))
        #expect(found.cause == .notFound)
        #expect(found.message == "/nonexistent/x does not exist. Check `command`, or install the program.")

        found = try await failure(ProcessSpec(executable: files.notExecutable))
        #expect(found.cause == .notExecutable)
        #expect(found.message.contains("chmod +x"))

        found = try await failure(ProcessSpec(executable: files.directory))
        #expect(found.cause == .notExecutable)
        #expect(found.message.contains("is a directory"))

        found = try await failure(ProcessSpec(executable: files.noFormat))
        #expect(found.cause == .notExecutable)
        #expect(found.message.contains("#!/bin/sh"))

        found = try await failure(ProcessSpec(executable: files.noInterpreter))
        #expect(found.cause == .badInterpreter)
        #expect(found.message.contains("/nonexistent/interpreter, does not exist"))

        found = try await failure(ProcessSpec(executable: files.windows))
        #expect(found.cause == .badInterpreter)
        #expect(found.message.contains("Windows line ends"))

        found = try await failure(ProcessSpec(executable: "/bin/sh", workingDirectory: "/nonexistent"))
        #expect(found.cause == .badWorkingDirectory)
        #expect(found.message == "The working directory /nonexistent does not exist. Create it or correct `cwd`.")

        found = try await failure(ProcessSpec(executable: "/bin/sh", workingDirectory: "/bin/sh"))
        #expect(found.message.contains("is not a directory"))
        #expect(!found.isTransient)
    }

    @Test func refusesWhatCannotBeHandedOver() async throws {
        let bad = [
            ProcessSpec(executable: "sh"), ProcessSpec(executable: "/bin/sh", arguments: ["a\0b"]),
            ProcessSpec(executable: "/bin/sh", environment: [("A=B", "")]),
            ProcessSpec(executable: "/bin/sh", environment: [("", "x")]),
            ProcessSpec(executable: "/bin/sh", environment: [("A", "x\0")]),
            ProcessSpec(executable: "/bin/sh", workingDirectory: "."),
        ]
        for spec in bad { #expect(try await failure(spec).cause == .invalidRequest) }
        let long = ProcessSpec(executable: "/bin/sh", arguments: [String(repeating: "x", count: 1 << 20)])
        #expect(try await failure(long).cause == .invalidRequest)
    }

    @Test func failuresLeaveNothingBehind() async throws {
        let files = try BadFiles()
        let (status, lines) = try await ProcessFixture.output(
            ProcessFixture.helper(
                "failures", "300", "/nonexistent/x", files.notExecutable, files.noInterpreter, files.noFormat))
        #expect(status == .exited(code: 0))
        #expect(
            lines.prefix(5) == ["notFound", "notExecutable", "badInterpreter", "notExecutable", "badWorkingDirectory"])
        #expect(lines.count == 7)
        #expect(Self.isBaseline(lines.dropFirst(5).first, lines.last))
    }

    /// Whether nothing is left: the same descriptors and children, and no thread for each of the hundreds of spawns. The runtime's own
    /// pool may have grown by a thread or two meanwhile.
    private static func isBaseline(_ before: String?, _ after: String?) -> Bool {
        func numbers(_ line: String?) -> [Int] {
            (line ?? "").split(separator: " ").compactMap { $0.split(separator: "=").last.flatMap { Int($0) } }
        }
        let (first, last) = (numbers(before), numbers(after))
        guard first.count == 3, last.count == 3 else { return false }
        return first[0] == last[0] && abs(first[1] - last[1]) <= 2 && first[2] == last[2]
    }

    @Test func spawnsAndExitsLeaveNothingBehind() async throws {
        let (status, lines) = try await ProcessFixture.output(ProcessFixture.helper("churn", "300"))
        #expect(status == .exited(code: 0))
        #expect(lines.count == 2)
        #expect(Self.isBaseline(lines.first, lines.last))
    }

    @Test func outOfDescriptors() async throws {
        let (status, lines) = try await ProcessFixture.output(ProcessFixture.helper("descriptors"))
        #expect(status == .exited(code: 0))
        // Eight descriptors for the pipes; the parent has closed four of them when it needs one for the pidfd.
        #expect(lines.prefix(8) == ArraySlice(repeating: "tooManyOpenFiles", count: 8))
        #expect(lines.dropFirst(8).prefix(4).allSatisfy { $0.utf8.starts(with: "started".utf8) })
        #expect(lines.count == 14)
        #expect(Self.isBaseline(lines.dropFirst(12).first, lines.last))
    }

    @Test(.enabled(if: getuid() == 0, "needs root to become a user with a limit"))
    func outOfProcesses() async throws {
        let (status, lines) = try await ProcessFixture.output(ProcessFixture.helper("processes", "300"))
        #expect(status == .exited(code: 0))
        #expect(lines.first == "tooManyProcesses")
        #expect(lines.count == 3)
        #expect(lines.dropFirst().first == lines.last)
    }
}
