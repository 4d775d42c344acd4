/// What a server can offer besides tools: prompts (`--prompts a,b`), resources and templates with URIs of any kind (`--uris`,
/// `--templates`), and completion of their arguments. Each answer says who gives it and what it was asked.
extension Server {
    var offersSurface: Bool { !(options.prompts.isEmpty && options.uris.isEmpty && options.templates.isEmpty) }

    /// The capabilities with what is offered.
    func surfaceCapabilities(_ plain: JSON) -> JSON {
        var all = plain
        if options.isToolless {
            all = .object(all.members.filter { !$0.key.utf8.elementsEqual("tools".utf8) })
        }
        guard offersSurface else { return all }
        if !options.prompts.isEmpty { all = all.with("prompts", ["listChanged": true]) }
        if !options.uris.isEmpty || !options.templates.isEmpty { all = all.with("resources", ["listChanged": true]) }
        return all.with("completions", [:])
    }

    /// - Returns: whether the method was one of these.
    func surfaceRequest(
        _ method: String, id: JSON, params: JSON, session: Session, exchange: any Exchange
    ) -> Bool {
        guard offersSurface else { return false }
        func answer(_ result: JSON, cached: Bool = false) {
            let isModern = session.modern == true
            let whole = cached && isModern ? result.with("ttlMs", 60000).with("cacheScope", "public") : result
            exchange.finish(reply(id: id, whole, session))
        }
        switch method {
        case "prompts/list":
            let prompts = options.prompts.map { name -> JSON in
                ["name": .string(name), "arguments": [["name": "topic", "required": true]]]
            }
            answer(["prompts": .array(prompts)], cached: true)
        case "prompts/get":
            guard let name = params["name"]?.text, options.prompts.contains(name) else {
                exchange.finish(error(id: id, code: -32602, "Unknown prompt"))
                return true
            }
            answer(["messages": .array([["role": "user", "content": told(params, name)]] + links)])
        case "resources/list":
            let items = options.uris.map { uri -> JSON in ["uri": .string(uri), "name": .string(uri)] }
            answer(["resources": .array(items)], cached: true)
        case "resources/templates/list":
            let items = options.templates.map { uri -> JSON in ["uriTemplate": .string(uri), "name": .string(uri)] }
            answer(["resourceTemplates": .array(items)], cached: true)
        case "resources/read":
            let uri = params["uri"]?.text ?? ""
            guard options.uris.contains(uri) || isMade(uri) else {
                let code = session.modern == true ? -32602 : -32002
                exchange.finish(
                    error(id: id, code: code, "Resource not found", data: ["uri": .string(uri)]))
                return true
            }
            let content: JSON = ["uri": .string(uri), "text": .string("\(options.name) \(uri)")]
            answer(["contents": [content]], cached: true)
        case "completion/complete":
            let values = JSON.array([.string(options.name), .string(params["ref"]?.source ?? "")])
            answer(["completion": ["values": values]])
        default: return false
        }
        return true
    }

    private func told(_ params: JSON, _ name: String) -> JSON {
        ["type": "text", "text": .string("\(options.name) \(name) \((params["arguments"] ?? .null).source)")]
    }

    /// One message for each resource, which links to it.
    private var links: [JSON] {
        options.uris.map { uri in
            ["role": "user", "content": ["type": "resource_link", "uri": .string(uri), "name": "it"]]
        }
    }

    /// Whether a URI begins as a template does.
    private func isMade(_ uri: String) -> Bool {
        options.templates.contains { template in uri.hasPrefix(String(template.prefix { $0 != "{" })) }
    }
}

extension JSON {
    var members: [Member] {
        guard case .object(let members) = self else { return [] }
        return members
    }
}
