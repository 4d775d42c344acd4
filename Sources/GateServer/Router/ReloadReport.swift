package import GateProtocol

/// What a reload of the configuration has done.
package struct ReloadReport: Sendable, Equatable {
    /// The file; nil when there is none.
    package var file: String?
    package var added: [String] = []
    package var removed: [String] = []
    package var changed: [String] = []
    package var unchanged: [String] = []
    /// Keys outside `[[backends]]` whose new value counts from now on.
    package var applied: [String] = []
    /// Keys whose new value counts at the next start.
    package var needsRestart: [String] = []
    package var warnings: [String] = []

    package init() {}

    /// The answer of `POST /gateway/reload`.
    package var json: JSONValue {
        func list(_ texts: [String]) -> JSONValue { .array(texts.map { .string($0) }) }
        var object = JSONObject([("ok", true)])
        if let file { object["file"] = .string(file) }
        object["added"] = list(added)
        object["removed"] = list(removed)
        object["changed"] = list(changed)
        object["unchanged"] = list(unchanged)
        object["applied"] = list(applied)
        object["needs_restart"] = list(needsRestart)
        object["warnings"] = list(warnings)
        return .object(object)
    }

    /// One line for the log.
    package var summary: String {
        var parts: [String] = []
        for (word, names) in [("added", added), ("removed", removed), ("changed", changed)] where !names.isEmpty {
            parts.append("\(word) \(names.joined(separator: ", "))")
        }
        if !applied.isEmpty { parts.append("applied \(applied.joined(separator: ", "))") }
        if parts.isEmpty { parts.append("nothing to change") }
        if !needsRestart.isEmpty {
            parts.append("takes effect at the next start: \(needsRestart.joined(separator: ", "))")
        }
        return parts.joined(separator: "; ")
    }
}

/// What somebody who asked the gateway to stop is told.
package struct StopNotice: Sendable, Equatable {
    package var callsInFlight: Int
    /// How long they may go on.
    package var drainTimeout: Duration

    package init(callsInFlight: Int, drainTimeout: Duration) {
        self.callsInFlight = callsInFlight
        self.drainTimeout = drainTimeout
    }

    /// The answer of `POST /gateway/stop`.
    package var json: JSONValue {
        [
            "ok": true, "action": "stop", "in_flight": .init(callsInFlight),
            "drain_seconds": .init(Int(clamping: drainTimeout.components.seconds)),
        ]
    }
}
