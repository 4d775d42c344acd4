import GateTestKit

/// The official Python SDK as an HTTP server.
struct PythonServer: Sendable {
    let program: Program
    let url: String

    static func start(_ age: String, _ flags: [String] = []) async throws -> PythonServer {
        let script = Products.checkout + "/Tests/python/http_server.py"
        let program = try Program(Products.python(age), [script] + flags)
        return PythonServer(program: program, url: try await program.address())
    }
}

extension Program {
    /// The address behind `listening on` on stdout.
    func address(within time: Duration = .seconds(60)) async throws -> String {
        let mark = "listening on "
        let line = try await output.first(within: time) { $0.hasPrefix(mark) }.element
        return String(line.dropFirst(mark.count))
    }
}
