import Testing

@testable import GateBackend

@Suite struct CommandResolverTests {
    private let resolver = CommandResolver(
        searchPath: "bin::/opt/a:/opt/b/:/opt/c", home: "/home/u", workingDirectory: "/srv/w"
    ) { path in
        switch path {
        case "/opt/b/npx", "/opt/c/npx", "/srv/w/run", "/srv/w/bin/run", "/home/u/run", "/abs/run", "bin/relative",
            "/opt/c/late":
            .executable
        case "/opt/a/plain", "/opt/a/late", "/srv/w/plain": .notExecutable
        case "/opt/a/npx", "/srv/w/dir": .directory
        default: .missing
        }
    }

    @Test(arguments: [
        ("npx", "/opt/b/npx"), ("./run", "/srv/w/run"), ("bin/run", "/srv/w/bin/run"), ("~/run", "/home/u/run"),
        ("/abs/run", "/abs/run"), ("late", "/opt/c/late"),
    ])
    func finds(_ command: String, _ path: String) throws {
        #expect(try resolver.resolve(command) == path)
    }

    @Test(arguments: [
        ("uvx", SpawnFailure.Cause.notFound, "Install uv"), ("nope", .notFound, "write the full path"),
        ("npx -y thing", .notFound, "into `args`"), ("/abs/none", .notFound, "/abs/none does not exist"),
        ("plain", .notExecutable, "/opt/a/plain may not be executed. Run `chmod +x`"),
        ("./plain", .notExecutable, "/srv/w/plain may not"), ("./dir", .notExecutable, "is a directory"),
        ("relative", .notFound, "not found in PATH"), ("~root/x", .invalidRequest, "only `~/`"),
        ("", .invalidRequest, "is empty"), ("a\0", .invalidRequest, "NUL"),
    ])
    func refuses(_ command: String, _ cause: SpawnFailure.Cause, _ part: String) {
        let failure = #expect(throws: SpawnFailure.self) { try resolver.resolve(command) }
        #expect(failure?.cause == cause)
        #expect(failure?.message.contains(part) == true)
    }

    @Test func probesRealFiles() {
        #expect(FileProbe.of("/bin/sh") == .executable)
        #expect(FileProbe.of("/usr") == .directory)
        #expect(FileProbe.of("/etc/passwd") == .notExecutable)
        #expect(FileProbe.of("/nonexistent") == .missing)
    }
}
