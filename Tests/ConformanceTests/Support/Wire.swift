import GateProtocol

/// Names of the wire.
enum Wire {
    static let modern = "2026-07-28"
    static let legacy = "2025-11-25"
    static let prefix = "io.modelcontextprotocol/"
    static let everything: JSONValue = [
        "elicitation": ["form": [:], "url": [:]], "sampling": ["tools": [:]], "roots": [:],
    ]
}

/// A JSON-RPC message, as it came.
struct Message: Sendable {
    var raw: String
    var json: JSONValue

    init(_ raw: String) throws {
        self.raw = raw
        json = try JSONValue(parsing: Array(raw.utf8), limits: JSONLimits(nodes: 4_000_000))
    }

    var method: String? { json["method"]?.stringValue }
    var id: JSONValue? { json["id"] }
    var params: JSONValue { json["params"] ?? [:] }
}

/// What an agent got for a request.
struct Reply: Sendable {
    /// Over HTTP.
    var status: Int?
    var headers: [(name: String, value: String)] = []
    var isStream = false
    /// What came before the response: notices, and questions of the handshake era.
    var messages: [Message] = []
    var response: Message

    subscript(_ name: String) -> String? { headers.first { $0.name.lowercased() == name.lowercased() }?.value }
    var result: JSONValue { response.json["result"] ?? .null }
    var error: JSONValue? { response.json["error"] }
    var code: Int? { error?["code"]?.intValue }
    /// The first text block of a tool's result.
    var text: String? { result["content"]?.arrayValue?.first?["text"]?.stringValue }
    var structured: JSONValue? { result["structuredContent"] }

    func notices(_ method: String) -> [Message] { messages.filter { $0.method == method } }
}

extension JSONValue {
    /// The value with one more member, or another value for it.
    func with(_ key: String, _ value: JSONValue) -> JSONValue {
        let others = objectValue?.members.filter { $0.key != key }.map { ($0.key, $0.value) } ?? []
        return .object(JSONObject(others + [(key, value)]))
    }

    /// Where a path of names leads.
    func at(_ path: String...) -> JSONValue? {
        var here: JSONValue? = self
        for name in path { here = here?[name] }
        return here
    }

    var keys: [String] { objectValue?.keys ?? [] }
}
