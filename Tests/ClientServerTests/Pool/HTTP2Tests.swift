import GateProtocol
import GateTestKit
import Testing

/// A backend over TLS that offers HTTP/2: the official SDK behind a server that speaks both.
@Suite(.serialized) struct HTTP2Tests {
    @Test func manyCallsShareAConnectionWhereHTTP2IsOffered() async throws {
        let directory = try TemporaryDirectory()
        let server = try await PythonServer.start("new", ["--json", "--tls", directory.path])
        #expect(server.url.hasPrefix("https://"))
        let gateway = try await GatewayProcess.start(
            Backends.http("secure", server.url) + "ca_file = \(Backends.quoted(directory.file("cert.pem")))\n")
        try await gateway.running(["secure"])
        let times = try await withThrowingTaskGroup(of: String?.self) { group in
            for _ in 0..<24 {
                group.addTask { try await gateway.call("secure", "wait", ["ms": 200]).text }
            }
            return try await group.reduce(into: [String?]()) { $0.append($1) }
        }
        #expect(times == Array(repeating: "waited 200 ms", count: 24))
        let carriers = try #require(try await gateway.call("secure", "carriers").text)
        #expect(carriers.hasPrefix("['2'] over "))
        let connections = carriers.split(separator: " ").compactMap { Int($0) }.last
        #expect((connections ?? 99) <= 3, "\(carriers)")
        // A caller that gives up cancels its own exchange and nobody else's.
        let cut = try await gateway.post(
            "/call", headers: ["X-Stonegate-Timeout": "100"],
            json: #"{"server":"secure","tool":"wait","arguments":{"ms":5000}}"#)
        #expect(cut.status == 504)
        #expect(try await gateway.call("secure", "echo", ["text": "still"]).text == "still")
        #expect(try await gateway.stop() == .code(0))
    }

    @Test func anUnknownAuthorityIsRefusedAndNamed() async throws {
        let directory = try TemporaryDirectory()
        let server = try await PythonServer.start("new", ["--json", "--tls", directory.path])
        let gateway = try await GatewayProcess.start(Backends.http("secure", server.url))
        let line = try await gateway.log("[secure] server is backing_off")
        #expect(line.contains("certificate"))
        #expect(try await gateway.stop() == .code(0))
    }
}
