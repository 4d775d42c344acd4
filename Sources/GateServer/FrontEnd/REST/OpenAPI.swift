import GateProtocol
import NIOHTTP1

/// The OpenAPI document, made from the route table, so that it cannot tell anything else than what is served.
enum OpenAPI {
    /// How the document describes itself.
    static let route = Route(
        .GET, "/openapi.json", .open, summary: "This interface as an OpenAPI 3.1 document.", response: Schemas.object
    ) { _ throws(GateError) in throw GateError(.internalError, "described only") }

    static func document(_ routes: [Route]) -> JSONValue {
        var paths = JSONObject()
        for route in routes {
            var item = paths[route.path]?.objectValue ?? JSONObject()
            item[route.method.rawValue.lowercased()] = operation(route)
            paths[route.path] = .object(item)
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "stonegate", "version": .string(StonegateVersion.current),
                "description":
                    "One endpoint in front of many MCP servers. Agents reach the same tools over MCP at /mcp.",
            ],
            "paths": .object(paths),
            "components": [
                "securitySchemes": [
                    "admin": [
                        "type": "http", "scheme": "bearer",
                        "description": "The admin token; `stonegate token show` prints it.",
                    ]
                ],
                "schemas": ["Error": Schemas.error],
            ],
        ]
    }

    private static func operation(_ route: Route) -> JSONValue {
        var operation = JSONObject([("summary", .string(route.summary))])
        if route.access == .admin { operation["security"] = [["admin": []]] }
        var parameters: [JSONValue] = route.segments.compactMap { segment in
            guard case .parameter(let name) = segment else { return nil }
            return ["name": .string(name), "in": "path", "required": true, "schema": ["type": "string"]]
        }
        parameters += route.query.map { item in
            [
                "name": .string(item.name), "in": "query", "description": .string(item.description),
                "schema": item.schema,
            ]
        }
        if !parameters.isEmpty { operation["parameters"] = .array(parameters) }
        if let schema = route.requestSchema {
            operation["requestBody"] = [
                "required": true, "content": ["application/json": ["schema": schema]],
            ]
        }
        var success: JSONValue = ["description": "Done."]
        if let schema = route.responseSchema {
            success = ["description": "Done.", "content": ["application/json": ["schema": schema]]]
        }
        operation["responses"] = [
            String(route.success.code): success,
            "default": [
                "description": "What went wrong, and whether anything was sent.",
                "content": ["application/json": ["schema": ["$ref": "#/components/schemas/Error"]]],
            ],
        ]
        return .object(operation)
    }
}
