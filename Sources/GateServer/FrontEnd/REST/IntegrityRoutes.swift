import GateCore
import GateProtocol
import NIOHTTP1

/// Definitions of tools that nobody has approved, for the operator.
struct IntegrityRoutes: Sendable {
    let services: any GatewayServices

    private static let mostAtOnce = 1_000

    /// `?server=NAME&all=true&limit=100`.
    func list(_ request: RESTRequest) async throws(GateError) -> RESTReply {
        var query = IntegrityQuery()
        query.server = request.query["server"]
        query.limit = try request.integer("limit", default: 100, in: 1...IntegrityRoutes.mostAtOnce)
        switch request.query["all"] {
        case nil, "false"?: break
        case "true"?: query.all = true
        default: throw IntegrityRoutes.invalid("`all` is true or false.")
        }
        return RESTReply(try await services.integrity(query))
    }

    /// `{"tools": [{"server", "tool", "digest"}], "reject"?}`: all of them or none.
    func decide(_ request: RESTRequest) async throws(GateError) -> RESTReply {
        let body = try request.json()
        for member in body.objectValue?.members ?? [] where member.key != "tools" && member.key != "reject" {
            throw IntegrityRoutes.invalid("Unknown member \"\(member.key.prefix(64))\"; known are tools and reject.")
        }
        guard let tools = body["tools"]?.arrayValue, (1...IntegrityRoutes.mostAtOnce).contains(tools.count) else {
            throw IntegrityRoutes.invalid(
                "The body needs {\"tools\": [{\"server\", \"tool\", \"digest\"}]}, 1 to 1000 of them.")
        }
        var reject = false
        if let value = body["reject"] {
            guard let given = value.boolValue else { throw IntegrityRoutes.invalid("`reject` is true or false.") }
            reject = given
        }
        var shown: [ShownDefinition] = []
        for tool in tools { shown.append(try IntegrityRoutes.shown(tool)) }
        return RESTReply(try await services.decide(shown, reject: reject))
    }

    private static func shown(_ value: JSONValue) throws(GateError) -> ShownDefinition {
        guard let server = value["server"]?.stringValue, let tool = value["tool"]?.stringValue,
            let text = value["digest"]?.stringValue,
            let digest = DefinitionDigest(hex: text.hasPrefix("sha256:") ? String(text.dropFirst(7)) : text)
        else {
            throw invalid(
                "Each tool is {\"server\", \"tool\", \"digest\"}, the digest as GET /integrity shows it: what was looked at is "
                    + "what is approved.")
        }
        return ShownDefinition(tool: ToolIdentity(server: server, tool: tool), digest: digest)
    }

    private static func invalid(_ words: String) -> GateError { GateError(.invalidParams, words, source: .caller) }
}
