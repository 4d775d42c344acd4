import GateBackend
import GateCore
import NIOCore

/// A record as the log keeps it: the members of a JSON object, without braces. Times are milliseconds.
enum RecordText {
    /// Longer words of a failure are cut.
    private static let mostMessage = 1_024

    static func write(_ call: CallRecord, _ arguments: ByteBuffer?, _ digest: ArgumentDigest) -> ByteBuffer {
        var out = ByteBuffer()
        out.reserveCapacity(512)
        out.writeString("\"time_ms\":\(call.time),\"correlation_id\":\"\(call.correlationID)\",\"status\":\"")
        out.writeString(call.status.rawValue)
        out.writeStaticString("\"")
        text("agent", call.agent, &out)
        if let session = call.session { text("session", session, &out) }
        out.writeString(",\"source\":\"\(call.source)\"")
        if call.isAsync { out.writeStaticString(",\"async\":true") }
        text("server", call.server, &out)
        text("tool", call.tool, &out)
        out.writeString(",\"kind\":\"\(call.kind)\"")
        if let code = call.code { out.writeString(",\"code\":\"\(code)\"") }
        if let message = call.message { text("message", cut(message), &out) }
        out.writeString(",\"sent\":\(call.wasSent),\"bytes_in\":\(call.bytesIn),\"bytes_out\":\(call.bytesOut)")
        time("duration_ms", call.total, &out)
        time("queue_ms", call.facts.queue, &out)
        time("startup_ms", call.facts.startup, &out)
        time("backend_ms", call.facts.backend, &out)
        time("gateway_ms", call.total - call.facts.queue - call.facts.startup - call.facts.backend, &out)
        out.writeString(",\"attempts\":\(call.facts.attempts),\"circuit\":\"\(call.facts.circuit)\"")
        out.writeString(",\"in_flight\":\(call.facts.inFlight),\"waiting\":\(call.facts.waiting)")
        if !call.facts.repeats.isEmpty {
            out.writeString(",\"repeats\":[\(call.facts.repeats.map { "\"\($0)\"" }.joined(separator: ","))]")
        }
        if let instance = call.facts.instance, let instances = call.facts.instances {
            out.writeString(",\"instance\":\(instance),\"instances\":\(instances)")
        }
        if let timeout = call.timeout, let rule = call.timeoutRule {
            time("timeout_ms", timeout, &out)
            out.writeString(",\"timeout_rule\":\"\(rule)\"")
        }
        digest.write(arguments, to: &out)
        return out
    }

    private static func cut(_ text: String) -> String {
        text.utf8.count <= mostMessage ? text : String(decoding: text.utf8.prefix(mostMessage), as: UTF8.self) + "…"
    }

    private static func text(_ name: StaticString, _ value: String, _ out: inout ByteBuffer) {
        out.writeString(",\"\(name)\":")
        out.writeJSONString(value)
    }

    /// Whole microseconds, as a decimal number of milliseconds.
    private static func time(_ name: StaticString, _ value: Duration, _ out: inout ByteBuffer) {
        let (seconds, attoseconds) = max(.zero, value).components
        let microseconds = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
        let thousandths = microseconds % 1_000
        out.writeString(",\"\(name)\":\(microseconds / 1_000)")
        if thousandths > 0 {
            out.writeString(".\(thousandths < 100 ? "0" : "")\(thousandths < 10 ? "0" : "")\(thousandths)")
        }
    }
}
