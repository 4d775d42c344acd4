package import GateProtocol

/// What the running gateway says of itself.
extension GatewayProcess {
    package func value(of path: String) async throws -> JSONValue {
        try JSONValue(parsing: await get(path).body, limits: JSONLimits(nodes: 4_000_000))
    }

    /// The server's element of `GET /server/list`.
    package func status(of server: String) async throws -> JSONValue {
        let list = try await value(of: "/server/list")["servers"]?.arrayValue ?? []
        guard let found = list.first(where: { $0["name"] == .string(server) }) else {
            throw TestKitError("no server \(server)")
        }
        return found
    }

    package func pid(of server: String) async throws -> Int32 {
        guard let pid = try await status(of: server)["pid"]?.intValue else {
            throw TestKitError("\(server) has no process: \(try await status(of: server).text)")
        }
        return Int32(pid)
    }

    package var sample: ProcessSample { ProcessSample(of: program.pid) }

    /// One call, as its client saw it.
    package func oneCall(
        _ server: String, _ tool: String, _ arguments: String = "{}", timeout: Duration? = nil
    ) async throws -> CallRecord {
        let result = try await Load.run(
            .calls(
                port: port, server: server, tool: tool, connections: 1, total: 1, timeout: timeout,
                arguments: { _ in arguments }))
        guard let call = result.calls.first else { throw TestKitError("no call was made") }
        return call
    }

    /// Waits until a call of the server succeeds.
    package func answers(_ server: String, within time: Duration = .seconds(30)) async throws -> Duration {
        let start = ContinuousClock.now
        while true {
            let call = try await oneCall(server, "echo", "{\"text\":\"there?\"}", timeout: .seconds(5))
            if call.isSuccess { return .now - start }
            guard .now - start < time else { throw TestKitError("\(server) does not answer: \(call.code)") }
            try await offPool { Sampling.rest(.milliseconds(20)) }
        }
    }
}
