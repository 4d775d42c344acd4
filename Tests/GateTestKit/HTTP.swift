/// One request, one reply, each on a connection of its own.
package enum HTTP {
    package static func send(
        _ method: String, port: UInt16, _ path: String, headers: [String: String] = [:], body: [UInt8]? = nil,
        within time: Duration = .seconds(20)
    ) async throws -> HTTPReply {
        try await offPool {
            let connection = try HTTPConnection(port: port, within: time)
            try connection.send(method, path, headers.merging(["Connection": "close"]) { given, _ in given }, body)
            return try connection.reply(to: method)
        }
    }

    package static func get(
        port: UInt16, _ path: String, headers: [String: String] = [:], within time: Duration = .seconds(20)
    ) async throws -> HTTPReply {
        try await send("GET", port: port, path, headers: headers, within: time)
    }

    /// POSTs JSON; the MCP `Accept` is there unless another is given.
    package static func post(
        port: UInt16, _ path: String, headers: [String: String] = [:], json: String,
        within time: Duration = .seconds(20)
    ) async throws -> HTTPReply {
        let usual = ["Content-Type": "application/json", "Accept": "application/json, text/event-stream"]
        let all = usual.merging(headers) { _, given in given }
        return try await send("POST", port: port, path, headers: all, body: Array(json.utf8), within: time)
    }
}
