public import GateProtocol

extension GateClient {
    /// Calls a tool.
    ///
    /// ```swift
    /// let answer = try await client.call("files/read", arguments: ["path": "notes.txt", "lines": [1, 20]])
    /// ```
    ///
    /// A result that says `isError` is returned like any other: look at ``GateProtocol/CallAnswer/isError``.
    ///
    /// - Parameters:
    ///   - tool: `server/tool`, or the tool's name alone when it is unique.
    ///   - arguments: an object.
    ///   - timeout: for the whole exchange; nil means ``GateClientOptions/timeout``. When it is over the call is cancelled.
    /// - Throws: among others `TOOL_NOT_FOUND`, `AMBIGUOUS_TOOL`, `TIMEOUT`, `CIRCUIT_OPEN`, `BACKEND_DOWN`,
    ///   `BACKEND_ERROR` with what the server said in `detail`.
    public func call(
        _ tool: String, arguments: JSONValue = .object(JSONObject()), timeout: Duration? = nil
    ) async throws(GateError) -> CallAnswer {
        try await call(tool, json: arguments.bytes, timeout: timeout)
    }

    /// Calls a tool with arguments that are JSON text already. The text reaches the tool's server as it is.
    ///
    /// - Throws: `INVALID_JSON` before anything is sent when the text is not JSON; otherwise as ``call(_:arguments:timeout:)``.
    public func call(
        _ tool: String, json arguments: [UInt8], timeout: Duration? = nil
    ) async throws(GateError) -> CallAnswer {
        let body = try GateClient.callBody(tool, arguments: arguments)
        let answer = try await json(.post, "/call", body: body, timeout: timeout)
        return try shaped { () throws(JSONShapeError) in try CallAnswer(json: answer) }
    }

    /// The body of `POST /call` and `POST /call/async`.
    package static func callBody(
        _ tool: String, arguments: [UInt8], callbackURL: String? = nil
    ) throws(GateError) -> [UInt8] {
        let fault = arguments.withUnsafeBytes { text in
            Result { () throws(JSONFault) in try JSONScanner.validate(text) }
        }
        if case .failure(let fault) = fault {
            throw GateError(.invalidJSON, "The arguments are not acceptable JSON: \(fault).", source: .caller)
        }
        var body = Array("{".utf8)
        // No exposed name has a slash, so the first one ends the server's name.
        let parts = tool.utf8.split(separator: UInt8(ascii: "/"), maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 2 {
            body += Array(#""server":"#.utf8) + JSONString.encode(String(decoding: parts[0], as: UTF8.self))
            body += Array(#","tool":"#.utf8) + JSONString.encode(String(decoding: parts[1], as: UTF8.self))
        } else {
            body += Array(#""tool":"#.utf8) + JSONString.encode(tool)
        }
        if let callbackURL { body += Array(#","callback_url":"#.utf8) + JSONString.encode(callbackURL) }
        return body + Array(#","arguments":"#.utf8) + arguments + Array("}".utf8)
    }
}
