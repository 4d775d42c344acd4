public import GateProtocol

extension GateClient {
    /// All servers behind the gateway, with their state.
    public func servers() async throws(GateError) -> [ServerInfo] {
        let json = try await json(.get, "/server/list")
        return try shaped { () throws(JSONShapeError) in try json.elements("servers") }
    }

    /// Adds a server and starts it. It stays over restarts of the gateway.
    ///
    /// Returns when the server is registered; ``servers()`` tells when it is running.
    ///
    /// - Throws: `ADMIN_REQUIRED`, `SERVER_EXISTS`, `INVALID_PARAMS`.
    @discardableResult
    public func addServer(_ server: ServerDefinition) async throws(GateError) -> JSONValue {
        try await json(.post, "/server/add", body: server.json.bytes)
    }

    /// Starts a server that is stopped, or that is waiting before its next start.
    ///
    /// - Throws: `ADMIN_REQUIRED`, `SERVER_NOT_FOUND`; this holds for the three methods below as well.
    @discardableResult
    public func startServer(_ name: String) async throws(GateError) -> JSONValue { try await change("start", name) }

    /// Stops a server; it stays in the list.
    @discardableResult
    public func stopServer(_ name: String) async throws(GateError) -> JSONValue { try await change("stop", name) }

    /// Stops and starts a server.
    @discardableResult
    public func restartServer(_ name: String) async throws(GateError) -> JSONValue {
        try await change("restart", name)
    }

    /// Stops a server and forgets it.
    @discardableResult
    public func removeServer(_ name: String) async throws(GateError) -> JSONValue { try await change("remove", name) }

    private func change(_ verb: String, _ name: String) async throws(GateError) -> JSONValue {
        let body: JSONValue = ["name": .string(name)]
        return try await json(.post, "/server/\(verb)", body: body.bytes)
    }
}
