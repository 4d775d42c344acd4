public import GateProtocol

extension GateClient {
    /// The tools of all servers, or of one.
    ///
    /// - Throws: `SERVER_NOT_FOUND`.
    public func tools(server: String? = nil) async throws(GateError) -> ToolList {
        try await value(.get, GateClient.toolsPath(server: server))
    }

    /// Tools that fit the words of a query, best first. No match is an empty list.
    ///
    /// - Parameters:
    ///   - query: what the tool should do, in a few words, for example `read a file`.
    ///   - limit: the most tools to return.
    public func discover(_ query: String, limit: Int = 10) async throws(GateError) -> [DiscoveredTool] {
        let json = try await json(.get, GateClient.discoverPath(query, limit: limit))
        return try shaped { () throws(JSONShapeError) in try json.elements("tools") }
    }

    /// The schema of a tool, as `GET /schema/{server}/{tool}` gives it.
    ///
    /// - Parameter tool: the name that agents see or the server's own.
    /// - Throws: `SERVER_NOT_FOUND`, `TOOL_NOT_FOUND`.
    public func schema(server: String, tool: String) async throws(GateError) -> JSONValue {
        try await json(.get, GateClient.schemaPath(server: server, tool: tool))
    }

    package static func toolsPath(server: String?) -> String {
        server.map { "/tools/" + PercentEncoding.encode($0) } ?? "/tools"
    }

    package static func discoverPath(_ query: String, limit: Int) -> String {
        "/discover?query=\(PercentEncoding.encode(query))&limit=\(limit)"
    }

    package static func schemaPath(server: String, tool: String) -> String {
        "/schema/\(PercentEncoding.encode(server))/\(PercentEncoding.encode(tool))"
    }
}

extension JSONValue {
    /// The elements of a list, which is the whole value or its member `key`.
    package func elements<Element: JSONRepresentable>(_ key: String) throws(JSONShapeError) -> [Element] {
        guard let values = arrayValue else { return try list(key, of: Element.self) }
        var elements: [Element] = []
        for value in values { elements.append(try Element(json: value)) }
        return elements
    }
}
