import GateProtocol

/// Who asks, in which era, and what the asking client can do.
struct Request: Sendable {
    let id: [UInt8]
    let version: ProtocolVersion
    let canAskUser: Bool
    /// Given when the client wants progress notices.
    let progressToken: JSONValue?

    var isModern: Bool { version.era == .modern }

    /// The result with what its era demands: `resultType` and the server's identity for modern clients.
    func reply(_ result: JSONObject, type: String = "complete") -> [UInt8] {
        var result = result
        if isModern {
            result["resultType"] = .string(type)
            result["_meta"] = [MCPMeta.serverInfo.description: DemoServer.info]
        }
        return Reply.result(id: id, .object(result))
    }

    /// A result that modern clients may keep: nothing here ever changes, and it is the same for everybody.
    func cacheable(_ result: JSONObject) -> [UInt8] {
        var result = result
        if isModern {
            result["ttlMs"] = 3_600_000
            result["cacheScope"] = "public"
        }
        return reply(result)
    }

    func error(_ code: Int, _ message: String, data: JSONValue? = nil) -> [UInt8] {
        Reply.error(id: id, code: code, message, data: data)
    }

    /// A progress notice; nil when the client did not ask for them.
    func progress(_ progress: Int, of total: Int, _ message: String) -> [UInt8]? {
        guard let progressToken else { return nil }
        var params = JSONObject([
            ("progressToken", progressToken), ("progress", .init(progress)), ("total", .init(total)),
        ])
        if version >= .v2025_03_26 { params["message"] = .string(message) }
        return Reply.notice(MCPMethod.progress, .object(params))
    }
}

extension JSONValue {
    /// Whether these client capabilities include questions to the user by a form.
    var includesForms: Bool {
        guard let elicitation = self["elicitation"]?.objectValue else { return false }
        // An empty object means forms; a client that names modes must name this one.
        return elicitation.isEmpty || elicitation["form"] != nil
    }
}
