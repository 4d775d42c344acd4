import GateProtocol
import GateTestKit
import Testing

/// One key is one execution, however often the call is sent and in whatever way.
@Suite(.timeLimit(.minutes(3)))
struct IdempotencyTests {
    private func gateway(_ body: (GatewayProcess, TemporaryDirectory) async throws -> Void) async throws {
        let directory = try TemporaryDirectory()
        let gateway = try await GatewayProcess.start(Backends.fake("b", ["--ledger", directory.file("ledger")]))
        try await gateway.running(["b"])
        try await body(gateway, directory)
        try await gateway.stop()
    }

    private func executions(_ directory: TemporaryDirectory) -> Int {
        (directory.read("ledger") ?? "").split(separator: "\n").count
    }

    private func post(
        _ gateway: GatewayProcess, key: String?, agent: String = "one", _ arguments: String
    ) async throws -> HTTPReply {
        var headers = ["X-Stonegate-Agent": agent]
        headers["Idempotency-Key"] = key
        return try await gateway.post(
            "/call", headers: headers, json: #"{"server":"b","tool":"sleep","arguments":\#(arguments)}"#)
    }

    /// F-24.
    @Test func manyAtOnceAreOne() async throws {
        try await gateway { gateway, directory in
            let replies = try await withThrowingTaskGroup(of: (Int, String).self) { group in
                for _ in 0..<30 {
                    group.addTask {
                        let reply = try await post(gateway, key: "same", #"{"ms":200,"key":"x"}"#)
                        return (reply.status, try JSONValue(parsing: reply.body)["result"]?.text ?? reply.text)
                    }
                }
                return try await group.reduce(into: [(Int, String)]()) { $0.append($1) }
            }
            #expect(replies.allSatisfy { $0.0 == 200 })
            #expect(Set(replies.map(\.1)).count == 1)
            #expect(executions(directory) == 1)
            // Long after it has ended the answer is the same.
            let later = try await post(gateway, key: "\"same\"", #"{"ms":200,"key":"x"}"#)
            #expect(try JSONValue(parsing: later.body)["result"]?.text == replies.first?.1)
            #expect(executions(directory) == 1)
        }
    }

    @Test func anotherCallUnderTheKeyIsRefusedAndAnotherAgentHasItsOwn() async throws {
        try await gateway { gateway, directory in
            #expect(try await post(gateway, key: "k", #"{"ms":1}"#).status == 200)
            let conflict = try await post(gateway, key: "k", #"{"ms":2}"#)
            #expect(conflict.status == 409)
            let error = try JSONValue(parsing: conflict.body)
            #expect(error["code"] == "IDEMPOTENCY_CONFLICT" && error["sent"] == false && error["retryable"] == false)
            #expect(executions(directory) == 1)
            #expect(try await post(gateway, key: "k", agent: "two", #"{"ms":2}"#).status == 200)
            #expect(executions(directory) == 2)
            for bad in ["", "\"\"", String(repeating: "k", count: 256), "tab\there"] {
                #expect(try await post(gateway, key: bad, #"{"ms":2}"#).status == 400, "\(bad)")
            }
            #expect(executions(directory) == 2)
        }
    }

    @Test(arguments: ["2025-11-25", "2026-07-28"])
    func overMCPTheKeyIsInTheMeta(version: String) async throws {
        try await gateway { gateway, directory in
            let name = try #require(try await gateway.names()["b/sleep"])
            let isModern = version == "2026-07-28"
            var headers = isModern ? [:] : try await gateway.openSession()
            headers["X-Stonegate-Agent"] = "one"
            if isModern {
                headers["MCP-Protocol-Version"] = version
                headers["Mcp-Method"] = "tools/call"
                headers["Mcp-Name"] = name
            }
            let own =
                isModern
                ? #","io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":"#
                    + #"{"name":"t","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}"# : ""
            func call(_ id: Int, _ milliseconds: Int, through tool: String) async throws -> JSONValue {
                let arguments = #"{"ms":\#(milliseconds)}"#
                let given =
                    tool == "gate_call" ? #"{"server":"b","tool":"sleep","arguments":\#(arguments)}"# : arguments
                headers["Mcp-Name"] = isModern ? tool : nil
                return try await gateway.post(
                    "/mcp", headers: headers,
                    json: """
                        {"jsonrpc":"2.0","id":\(id),"method":"tools/call","params":{"name":"\(tool)","arguments":\(given),\
                        "_meta":{"stonegate/idempotency-key":"k"\(own)}}}
                        """
                ).answer().json
            }
            let first = try await call(1, 5, through: name)
            let second = try await call(2, 5, through: "gate_call")
            #expect(first["result"]?["content"] != nil)
            #expect(first["result"]?["content"] == second["result"]?["content"])
            let other = try await call(3, 6, through: name)
            #expect(other.text.contains("IDEMPOTENCY_CONFLICT"), "\(other.text)")
            // Over REST it is the same key.
            #expect(try await post(gateway, key: "k", #"{"ms":5}"#).status == 200)
            #expect(executions(directory) == 1)
        }
    }

    /// Whoever leaves comes back to the same call.
    @Test func aCallerThatLeavesFindsItsAnswer() async throws {
        try await gateway { gateway, directory in
            let request = #"{"server":"b","tool":"sleep","arguments":{"ms":500}}"#
            let connection = try RawConnection(port: gateway.port)
            try connection.send(
                "POST /call HTTP/1.1\r\nHost: 127.0.0.1:\(gateway.port)\r\nX-Stonegate-Agent: one\r\nIdempotency-Key: k\r\n"
                    + "Content-Type: application/json\r\nContent-Length: \(request.utf8.count)\r\n\r\n\(request)")
            try await gateway.carriedOut(1, directory)
            connection.close()
            let reply = try await post(gateway, key: "k", #"{"ms":500}"#)
            #expect(reply.status == 200)
            #expect(executions(directory) == 1)
        }
    }
}
