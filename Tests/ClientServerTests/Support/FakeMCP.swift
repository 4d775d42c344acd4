import GateTestKit

/// The scripted server as a running process.
final class FakeMCP: Sendable {
    let program: Program
    private let port: UInt16?

    /// - Parameter flags: as `fakemcp --help` lists them; without `--http` it speaks over stdio.
    init(stdio flags: [String] = []) throws {
        program = try Program(Products.path("fakemcp"), flags)
        port = nil
    }

    private init(program: Program, port: UInt16) {
        self.program = program
        self.port = port
    }

    static func http(_ flags: [String] = []) async throws -> FakeMCP {
        let program = try Program(Products.path("fakemcp"), ["--http", "0"] + flags)
        let line = try await program.errors.first { $0.contains("listening on") }.element
        guard let port = line.split(separator: ":").last.flatMap({ UInt16($0.prefix { $0.isNumber }) }) else {
            throw TestKitError("no port in: \(line)")
        }
        return FakeMCP(program: program, port: port)
    }

    var httpPort: UInt16 {
        get throws {
            guard let port else { throw TestKitError("this fakemcp speaks over stdio") }
            return port
        }
    }

    /// Sends one line and waits for the line that answers `id`.
    func ask(_ line: String, id: Int) async throws -> String {
        try await program.send(line + "\n")
        return try await program.output.first { $0.contains("\"id\":\(id),\"") || $0.hasSuffix("\"id\":\(id)}") }
            .element
    }

    static let initialize = """
        {"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},\
        "clientInfo":{"name":"test","version":"1"}}}
        """

    static func call(_ tool: String, _ arguments: String = "{}", id: Int) -> String {
        #"{"jsonrpc":"2.0","id":\#(id),"method":"tools/call","params":{"name":"\#(tool)","arguments":\#(arguments)}}"#
    }
}
