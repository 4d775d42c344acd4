import GateCore
import NIOCore

/// A record as the log keeps it: the members of a JSON object, without braces. Times are milliseconds.
enum RecordText {
    /// Longer words of a failure are cut.
    private static let mostMessage = 1_024

    static func write(_ call: CallRecord, _ arguments: ByteBuffer?, _ digest: ArgumentDigest) -> [UInt8] {
        var out = LineWriter(capacity: 640)
        out.number("\"time_ms\":", call.time)
        out.text(",\"correlation_id\":", call.correlationID)
        out.word(",\"status\":\"", call.status.rawValue)
        out.text(",\"agent\":", call.agent)
        if let session = call.session { out.text(",\"session\":", "\(session)") }
        out.word(",\"source\":\"", call.source)
        if call.isAsync { out.raw(",\"async\":true") }
        out.text(",\"server\":", call.server)
        out.text(",\"tool\":", call.tool)
        out.word(",\"kind\":\"", call.kind)
        if let code = call.code { out.word(",\"code\":\"", code) }
        if let message = call.message { out.text(",\"message\":", cut(message)) }
        out.raw(call.wasSent ? ",\"sent\":true" : ",\"sent\":false")
        out.number(",\"bytes_in\":", call.bytesIn)
        out.number(",\"bytes_out\":", call.bytesOut)
        let facts = call.facts
        out.time(",\"duration_ms\":", call.total)
        // What is nothing is left out: most calls neither wait nor meet anything.
        if facts.queue >= .microseconds(1) { out.time(",\"queue_ms\":", facts.queue) }
        if facts.startup >= .microseconds(1) { out.time(",\"startup_ms\":", facts.startup) }
        out.time(",\"backend_ms\":", facts.backend)
        out.time(",\"gateway_ms\":", call.total - facts.queue - facts.startup - facts.backend)
        out.number(",\"attempts\":", facts.attempts)
        if facts.circuit != .closed { out.word(",\"circuit\":\"", facts.circuit.rawValue) }
        if facts.inFlight > 0 { out.number(",\"in_flight\":", facts.inFlight) }
        if facts.waiting > 0 { out.number(",\"waiting\":", facts.waiting) }
        if !facts.repeats.isEmpty {
            out.raw(",\"repeats\":[\(facts.repeats.map { "\"\($0)\"" }.joined(separator: ","))]".utf8)
        }
        if let instance = facts.instance, let instances = facts.instances {
            out.number(",\"instance\":", instance)
            out.number(",\"instances\":", instances)
        }
        if let timeout = call.timeout, let rule = call.timeoutRule {
            out.time(",\"timeout_ms\":", timeout)
            out.word(",\"timeout_rule\":\"", rule)
        }
        digest.write(arguments, to: &out)
        return out.bytes
    }

    private static func cut(_ text: String) -> String {
        text.utf8.count <= mostMessage ? text : String(decoding: text.utf8.prefix(mostMessage), as: UTF8.self) + "…"
    }
}
