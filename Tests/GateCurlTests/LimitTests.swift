import GateCurl
import Testing

@Suite struct LimitTests {
    private func error(_ server: RawServer, _ change: (inout CurlRequest) -> Void = { _ in }) async throws -> CurlError?
    {
        let agent = try HostileEnvironment.agent()
        var request = CurlRequest(url: server.url)
        change(&request)
        let error = await failure { () async throws(CurlError) in try await agent.send(request) }
        await agent.shutdown()
        return error
    }

    @Test func silentServerTimesOut() async throws {
        let server = try RawServer { $0.readToEnd() }
        defer { server.stop() }
        let error = try await error(server) { $0.totalTimeout = .milliseconds(80) }
        #expect(error?.kind == .timeout)
        #expect(error?.sent == true)
    }

    @Test func lowSpeedTimesOut() async throws {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            _ = connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx")
            connection.readToEnd()
        }
        defer { server.stop() }
        let error = try await error(server) { $0.lowSpeed = .init(bytesPerSecond: 10, period: .seconds(1)) }
        #expect(error?.kind == .timeout)
    }

    @Test(arguments: ["Content-Length: 1001\r\n\r\n", "Connection: close\r\n\r\n"])
    func largeBodyIsCut(fields: String) async throws {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            _ = connection.write("HTTP/1.1 200 OK\r\n\(fields)" + String(repeating: "x", count: 1001))
        }
        defer { server.stop() }
        #expect(try await error(server) { $0.maxResponseBytes = 1000 }?.kind == .tooLarge)
        #expect(try await error(server) { $0.maxResponseBytes = 1001 } == nil)
    }

    enum Flood: CaseIterable {
        case manyFields, manyBytes, longLine, hugeLine

        var fields: String {
            switch self {
            case .manyFields: String(repeating: "a: b\r\n", count: 200_000)
            case .manyBytes: String(repeating: "a: " + String(repeating: "b", count: 4000) + "\r\n", count: 9)
            case .longLine: "a: " + String(repeating: "b", count: 9000) + "\r\n"
            case .hugeLine: "a: " + String(repeating: "b", count: 900_000) + "\r\n"
            }
        }
    }

    @Test(arguments: Flood.allCases)
    func headerFloodIsCut(flood: Flood) async throws {
        let server = try RawServer.answering { _ in ok("x", flood.fields) }
        defer { server.stop() }
        let error = try await error(server)
        #expect(error?.kind == .tooLarge || error?.kind == .resource)
        #expect(error?.sent == true)
    }

    @Test func interimFloodIsCut() async throws {
        let server = try RawServer.answering { _ in
            String(repeating: "HTTP/1.1 103 Hint\r\na: b\r\n\r\n", count: 10_000) + ok("x")
        }
        defer { server.stop() }
        #expect(try await error(server)?.kind == .tooLarge)
    }

    /// 10 KiB that would be 10 MiB: nothing is unpacked that nobody asked for.
    @Test(arguments: ["gzip", "br, gzip, gzip, gzip, gzip", "zstd"]) func packedBodiesStayPacked(_ encoding: String)
        async throws
    {
        let body = String(repeating: "p", count: 10_240)
        let server = try RawServer.answering { _ in ok(body, "Content-Encoding: \(encoding)\r\n") }
        defer { server.stop() }
        let agent = try HostileEnvironment.agent()
        let response = try await agent.send(CurlRequest(method: "GET", url: server.url))
        #expect(response.body == Array(body.utf8))
        await agent.shutdown()
    }

    @Test(arguments: ["SSH-2.0-x\r\n\r\n", "HTTP/1.1 200 OK\r\na: b\r\n folded\r\nContent-Length: 0\r\n\r\n"])
    func brokenAnswerIsRefused(answer: String) async throws {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            _ = connection.write(answer)
        }
        defer { server.stop() }
        #expect(try await error(server)?.kind == .protocolError)
    }

    @Test func shortBodyIsAnError() async throws {
        let server = try RawServer { connection in
            _ = connection.readRequest()
            _ = connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        }
        defer { server.stop() }
        let error = try await error(server)
        #expect(error?.kind == .closed)
        #expect(error?.sent == true)
    }
}
