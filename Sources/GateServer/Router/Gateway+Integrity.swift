import GateBackend
import GateConfig
import GateCore
package import GateProtocol
import GateStore
import Logging

/// What the operator sees and decides of tools that nobody has approved.
extension Gateway {
    static func pins(
        _ store: any PinStore, _ events: EventHub, _ audit: AuditTrail?, _ logger: Logger
    ) throws -> ToolPins {
        try ToolPins(store: store) { news in
            logger.warning(
                "\(news.words)", metadata: ["server": "\(news.server)", "definition": "\(news.news.digest)"])
            events.publish(.integrity, server: news.server, reason: news.eventWords)
            audit?.act(
                news.news.previous == nil ? "tool_new" : "tool_changed", "\(news.server)/\(news.news.tool)",
                detail: news.detail)
        }
    }

    package func integrity(_ query: IntegrityQuery) async throws(GateError) -> JSONValue {
        if let server = query.server { try exists(server) }
        let config = config
        return try await pins.show(
            query, registry.entries.map { ($0.config.name, $0.config.integrityPolicy(config)) })
    }

    package func decide(_ shown: [ShownDefinition], reject: Bool) async throws(GateError) -> JSONValue {
        let action = reject ? "tool_reject" : "tool_approve"
        do throws(GateError) {
            try refuseWhileDraining()
            for server in Set(shown.map { ExactText($0.tool.server) }) { try exists(server.text) }
            let decided = try await pins.decide(shown, reject: reject)
            for decision in decided where decision.isNew { tell(decision, action, reject: reject) }
            for server in Set(shown.map { ExactText($0.tool.server) }) { catalog.judgeAgain(server.text) }
            return .object(
                JSONObject([("ok", true), ("tools", .array(decided.map(\.json)))]))
        } catch {
            let target = shown.prefix(20).map { "\($0.tool)" }.joined(separator: " ")
            audit?.act(action, target, result: error.code.rawValue)
            throw error
        }
    }

    private func tell(_ decision: ToolPins.Decided, _ action: String, reject: Bool) {
        let (tool, digest) = (decision.shown.tool, decision.shown.digest)
        let detail = decision.base.map { "\($0) -> \(digest)" } ?? "\(digest)"
        audit?.act(action, "\(tool)", detail: detail)
        let words = "tool '\(tool.tool)' was \(reject ? "rejected" : "approved") by the operator"
        logger.notice("\(words)", metadata: ["server": "\(tool.server)", "definition": "\(digest)"])
        events.publish(.integrity, server: tool.server, reason: words)
        if reject { registry.entry(tool.server)?.backend.doubt(tool.tool) }
    }

    private func exists(_ server: String) throws(GateError) {
        guard registry.entry(server) != nil else {
            throw GateError(
                .serverNotFound, "There is no server '\(server)'. GET /server/list shows which there are.",
                source: .caller, server: server)
        }
    }

    /// How many tools wait for the operator, for ``HealthInfo/warnings``.
    var integrityWarnings: [String] {
        let all = catalog.waiting.reduce((waiting: 0, hidden: 0)) { ($0.waiting + $1.waiting, $0.hidden + $1.hidden) }
        guard all.waiting > 0 else { return pins.warnings }
        let one = all.waiting == 1
        return pins.warnings + [
            "\(all.waiting) tool\(one ? " waits" : "s wait") for approval, \(all.hidden) of them hidden from agents: "
                + "stonegate approve"
        ]
    }
}

extension ToolPins.Decided {
    fileprivate var json: JSONValue {
        var object = JSONObject([
            ("server", .string(shown.tool.server)), ("tool", .string(shown.tool.tool)),
            ("digest", .string("\(shown.digest)")),
        ])
        if let base { object["previous"] = .string("\(base)") }
        return .object(object)
    }
}
