import GateProtocol

/// A line of the call log in words: how the call ended, where its time went, what it met, what decided, and what to do.
struct CallExplanation {
    private let call: JSONValue

    /// - Parameter call: as `GET /log` shows it.
    init(_ call: JSONValue) { self.call = call }

    var lines: [String] { [ending] + times + circumstances + [rule, advice].compactMap { $0 } }

    private func text(_ name: String) -> String { call[name]?.stringValue ?? "" }
    private func number(_ name: String) -> Double { call[name]?.doubleValue ?? 0 }
    private func count(_ name: String) -> Int { call[name]?.intValue ?? 0 }

    private var server: String { text("server").isEmpty ? "a server" : "server '\(text("server"))'" }
    private var isSent: Bool { call["sent"]?.boolValue ?? false }

    private var ending: String {
        let what = "\(text("kind")) '\(text("tool"))' of \(server)"
        let who = text("agent").isEmpty ? "" : " by agent '\(text("agent"))'"
        let how =
            switch text("status") {
            case "success": "was answered"
            case "tool_error": "was answered; the tool says that it failed"
            case "timeout": "had no answer in time"
            case "cancelled": isSent ? "was cancelled after it had been sent" : "was cancelled before it was sent"
            case "rejected": "was refused by stonegate and not sent"
            default: "failed after it had been sent"
            }
        let code = call["code"]?.stringValue.map { " (\($0))" } ?? ""
        return
            "At \(text("time")) the call of \(what)\(who) \(how)\(code), after \(milliseconds(number("duration_ms")))."
    }

    // MARK: Time

    private var times: [String] {
        let total = number("duration_ms")
        guard total > 0 else { return [] }
        let parts = [
            ("waiting for the server to start or connect", number("startup_ms")),
            ("waiting for a place at the server", number("queue_ms")), ("at the server", number("backend_ms")),
            ("in stonegate itself", number("gateway_ms")),
        ]
        let shown = parts.filter { $0.1 > 0 }.map { name, time in
            "\(milliseconds(time)) (\(Int((time / total * 100).rounded())) %) \(name)"
        }
        return shown.isEmpty ? [] : ["Where the time went: " + shown.joined(separator: ", ") + "."]
    }

    private func milliseconds(_ value: Double) -> String { "\(JSONValue(rounded: value).text) ms" }

    // MARK: What it met

    private var circumstances: [String] {
        var lines: [String] = []
        switch text("circuit") {
        case "open": lines.append("The circuit of \(server) was open: it had failed several times in a row.")
        case "half_open":
            lines.append("The circuit of \(server) was being tried: a harmless request went ahead of this call.")
        default:
            if !text("server").isEmpty, count("attempts") > 0 { lines.append("The circuit of \(server) was closed.") }
        }
        if count("attempts") > 0 || count("in_flight") > 0 || count("waiting") > 0 {
            lines.append(
                "When it came, \(calls(count("in_flight"))) were at the server and \(calls(count("waiting"))) waited in line."
            )
        }
        if let instance = call["instance"]?.intValue {
            lines.append("Of \(count("instances")) instances, number \(instance) took it.")
        }
        let repeats = call["repeats"]?.arrayValue?.compactMap(\.stringValue) ?? []
        if !repeats.isEmpty {
            lines.append(
                "It was tried \(count("attempts")) times; before the last attempt: \(repeats.joined(separator: ", ")). "
                    + "A call that was sent is repeated only where the operator trusts the tool's annotations.")
        }
        return lines
    }

    private func calls(_ count: Int) -> String { count == 1 ? "1 call" : "\(count) calls" }

    // MARK: What decided

    private var rule: String? {
        if let message = call["message"]?.stringValue { return "What decided: \(message)\(limit)" }
        return nil
    }

    private var limit: String {
        guard let timeout = call["timeout_ms"]?.doubleValue, let rule = call["timeout_rule"]?.stringValue else {
            return ""
        }
        let source =
            switch rule {
            case "caller": "the caller's own limit"
            case "async": "the limit of asynchronous calls (async.timeout)"
            default: "request_timeout of the server"
            }
        return " The time was \(milliseconds(timeout)), \(source)."
    }

    private var advice: String? {
        let slowest = max(number("queue_ms"), number("startup_ms"), number("backend_ms"))
        switch text("code") {
        case "CIRCUIT_OPEN":
            return "What to do: see why the server fails: gatecall events, and its stderr in GET /server/list."
        case "OVERLOADED":
            return "What to do: raise max_in_flight or instances of the server, or the limit that the message names."
        case "TOOL_NOT_FOUND", "SERVER_NOT_FOUND": return "What to do: gatecall discover WORDS finds what there is."
        case "BACKEND_DIED", "OUTCOME_UNKNOWN":
            return
                "What to do: look at what the tool did before calling it again; the server's stderr is in GET /server/list."
        case "TIMEOUT":
            return slowest == number("queue_ms") && slowest > 0
                ? "What to do: most of the time was spent in line; give the server more places or instances."
                : "What to do: ask for more time (X-Stonegate-Timeout), raise request_timeout, or call it asynchronously."
        case "": break
        default: return nil
        }
        guard slowest >= 1_000 else { return nil }
        if slowest == number("startup_ms") { return "What to do: start = \"eager\" keeps the server ready for calls." }
        if slowest == number("queue_ms") {
            return "What to do: give the server more places (max_in_flight) or instances."
        }
        return nil
    }
}
