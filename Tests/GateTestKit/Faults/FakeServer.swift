#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The scripted server over HTTP, which can be killed and come back at the same address.
package final class FakeServer: Sendable {
    package let port: UInt16
    package let program: Program

    private init(program: Program, port: UInt16) {
        self.program = program
        self.port = port
    }

    /// - Parameter port: 0 takes a free one.
    package static func start(_ flags: [String] = [], port: UInt16 = 0) async throws -> FakeServer {
        let program = try Program(Products.path("fakemcp"), ["--http", "\(port)"] + flags)
        let line = try await program.errors.first { $0.contains("listening on") }.element
        guard let port = line.split(separator: ":").last.flatMap({ UInt16($0.prefix { $0.isNumber }) }) else {
            throw TestKitError("no port in: \(line)")
        }
        return FakeServer(program: program, port: port)
    }

    /// SIGKILL; returns when it has ended.
    package func kill() async throws {
        program.signal(SIGKILL)
        _ = try await program.exit()
    }
}
