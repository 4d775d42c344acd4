/// Resources (`--resources N`): `test://note/1` … `test://note/N`, whose changes can be followed. The tool `touch` changes one; the
/// tool `subscriptions` tells what has been asked for, in order.
extension Server {
    static let resourceTools = ["touch", "subscriptions"]

    private func uri(_ number: Int) -> String { "test://note/\(number)" }
    private var uris: [String] { (0..<options.resources).map { uri($0 + 1) } }

    /// - Returns: whether the method was one of these.
    func resourceRequest(
        _ method: String, id: JSON, params: JSON, session: Session, exchange: any Exchange
    ) -> Bool {
        guard options.resources > 0, method.hasPrefix("resources/") else { return false }
        switch method {
        case "resources/list":
            let items = uris.map { uri -> JSON in ["uri": .string(uri), "name": .string(uri)] }
            exchange.finish(reply(id: id, cached(["resources": .array(items)], session), session))
        case "resources/templates/list":
            exchange.finish(reply(id: id, cached(["resourceTemplates": []], session), session))
        case "resources/read":
            guard let uri = params["uri"]?.text, uris.contains(uri) else {
                return missing(params, id, session, exchange)
            }
            let content: JSON = ["uri": .string(uri), "text": .string("version \(touched[uri] ?? 0)")]
            exchange.finish(reply(id: id, cached(["contents": [content]], session), session))
        case "resources/subscribe" where session.modern != true:
            guard let uri = params["uri"]?.text, uris.contains(uri) else {
                return missing(params, id, session, exchange)
            }
            asked.append("subscribe \(uri)")
            session.followed.insert(uri)
            exchange.finish(reply(id: id, [:], session))
        case "resources/unsubscribe" where session.modern != true:
            let uri = params["uri"]?.text ?? ""
            asked.append("unsubscribe \(uri)")
            session.followed.remove(uri)
            exchange.finish(reply(id: id, [:], session))
        default: return false
        }
        return true
    }

    private func missing(_ params: JSON, _ id: JSON, _ session: Session, _ exchange: any Exchange) -> Bool {
        let code = session.modern == true ? -32602 : -32002
        let data: JSON = ["uri": params["uri"] ?? .null]
        exchange.finish(error(id: id, code: code, "Resource not found", data: data))
        return true
    }

    private func cached(_ result: JSON, _ session: Session) -> JSON {
        session.modern == true ? result.with("ttlMs", 60000).with("cacheScope", "public") : result
    }

    /// What of a filter is granted: resources that exist, and lists.
    func granted(_ filter: JSON) -> JSON {
        var granted: JSON = [:]
        let kinds = options.resources > 0 ? ["toolsListChanged", "resourcesListChanged"] : ["toolsListChanged"]
        for kind in kinds where filter[kind] == .bool(true) { granted = granted.with(kind, true) }
        let wanted = (filter["resourceSubscriptions"]?.items ?? []).compactMap(\.text).filter { uris.contains($0) }
        if !wanted.isEmpty {
            granted = granted.with("resourceSubscriptions", .array(wanted.map(JSON.string)))
        }
        if options.resources > 0 { asked.append("listen \(wanted.joined(separator: " "))") }
        return granted
    }

    /// Tells those who follow a resource that it has changed.
    func touch(_ uri: String) {
        touched[uri, default: 0] += 1
        for session in sessions where session.modern != true && session.followed.contains(uri) {
            session.stream?([
                "jsonrpc": "2.0", "method": "notifications/resources/updated", "params": ["uri": .string(uri)],
            ])
        }
        for listener in listeners
        where (listener.granted["resourceSubscriptions"]?.items ?? []).contains(.string(uri)) {
            listener.exchange.notify([
                "jsonrpc": "2.0", "method": "notifications/resources/updated",
                "params": [
                    "uri": .string(uri), "_meta": ["io.modelcontextprotocol/subscriptionId": listener.id],
                ],
            ])
        }
    }
}
