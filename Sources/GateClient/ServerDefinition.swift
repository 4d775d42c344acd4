public import GateProtocol

/// A server to be added to the gateway.
public struct ServerDefinition: Sendable, Equatable {
    /// How the gateway reaches the server.
    public enum Connection: Sendable, Equatable {
        /// A program that speaks MCP on its stdin and stdout. `environment` is added to the few variables that servers get.
        case stdio(command: String, arguments: [String] = [], environment: [String: String] = [:])
        /// An MCP endpoint. `headers` are sent with every request.
        case http(url: String, headers: [String: String] = [:])
    }

    /// 1 to 64 letters, digits, `-`, `_` and `.`.
    public var name: String
    public var connection: Connection
    /// Further keys of `[[backends]]`, for example `["request_timeout": 60000]`.
    public var settings: JSONObject

    public init(_ name: String, _ connection: Connection, settings: JSONObject = JSONObject()) {
        self.name = name
        self.connection = connection
        self.settings = settings
    }

    /// The body of `POST /server/add`.
    public var json: JSONValue {
        func object(_ pairs: [String: String]) -> JSONValue {
            let sorted = pairs.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            return .object(JSONObject(sorted.map { ($0.key, .string($0.value)) }))
        }
        var json = JSONObject([("name", .string(name))])
        switch connection {
        case .stdio(let command, let arguments, let environment):
            json["transport"] = "stdio"
            json["command"] = .string(command)
            if !arguments.isEmpty { json["args"] = .array(arguments.map(JSONValue.string)) }
            if !environment.isEmpty { json["env"] = object(environment) }
        case .http(let url, let headers):
            json["transport"] = "http"
            json["url"] = .string(url)
            if !headers.isEmpty { json["headers"] = object(headers) }
        }
        for member in settings.members { json[member.key] = member.value }
        return .object(json)
    }
}
