import GateBackend
import GateCore
import NIOCore

/// A record as the log keeps it: the members of a JSON object, without braces. Times are milliseconds.
enum RecordText {
    /// Longer words of a failure are cut.
    private static let mostMessage = 1_024

    static func write(_ call: CallRecord, _ arguments: ByteBuffer?, _ digest: ArgumentDigest) -> ByteBuffer {
        var out = ByteBuffer()
        out.reserveCapacity(768)
        out.writeStaticString("\"time_ms\":")
        out.writeDecimal(UInt64(max(0, call.time)))
        text(",\"correlation_id\":", call.correlationID, &out)
        word(",\"status\":\"", call.status.rawValue, &out)
        text(",\"agent\":", call.agent, &out)
        if let session = call.session { text(",\"session\":", "\(session)", &out) }
        word(",\"source\":\"", call.source, &out)
        if call.isAsync { out.writeStaticString(",\"async\":true") }
        text(",\"server\":", call.server, &out)
        text(",\"tool\":", call.tool, &out)
        word(",\"kind\":\"", call.kind, &out)
        if let code = call.code { word(",\"code\":\"", code, &out) }
        if let message = call.message { text(",\"message\":", cut(message), &out) }
        out.writeStaticString(call.wasSent ? ",\"sent\":true" : ",\"sent\":false")
        number(",\"bytes_in\":", call.bytesIn, &out)
        number(",\"bytes_out\":", call.bytesOut, &out)
        let facts = call.facts
        time(",\"duration_ms\":", call.total, &out)
        // What is nothing is left out: most calls neither wait nor meet anything.
        if facts.queue >= .microseconds(1) { time(",\"queue_ms\":", facts.queue, &out) }
        if facts.startup >= .microseconds(1) { time(",\"startup_ms\":", facts.startup, &out) }
        time(",\"backend_ms\":", facts.backend, &out)
        time(",\"gateway_ms\":", call.total - facts.queue - facts.startup - facts.backend, &out)
        number(",\"attempts\":", facts.attempts, &out)
        if facts.circuit != .closed { word(",\"circuit\":\"", facts.circuit.rawValue, &out) }
        if facts.inFlight > 0 { number(",\"in_flight\":", facts.inFlight, &out) }
        if facts.waiting > 0 { number(",\"waiting\":", facts.waiting, &out) }
        if !facts.repeats.isEmpty {
            out.writeString(",\"repeats\":[\(facts.repeats.map { "\"\($0)\"" }.joined(separator: ","))]")
        }
        if let instance = facts.instance, let instances = facts.instances {
            number(",\"instance\":", instance, &out)
            number(",\"instances\":", instances, &out)
        }
        if let timeout = call.timeout, let rule = call.timeoutRule {
            time(",\"timeout_ms\":", timeout, &out)
            word(",\"timeout_rule\":\"", rule, &out)
        }
        digest.write(arguments, to: &out)
        return out
    }

    private static func cut(_ text: String) -> String {
        text.utf8.count <= mostMessage ? text : String(decoding: text.utf8.prefix(mostMessage), as: UTF8.self) + "…"
    }

    private static func text(_ name: StaticString, _ value: String, _ out: inout ByteBuffer) {
        out.writeStaticString(name)
        out.writeJSONString(value)
    }

    /// A text that needs no escaping; the name ends with the opening quote.
    private static func word(_ name: StaticString, _ value: String, _ out: inout ByteBuffer) {
        out.writeStaticString(name)
        out.writeString(value)
        out.writeStaticString("\"")
    }

    private static func number(_ name: StaticString, _ value: Int, _ out: inout ByteBuffer) {
        out.writeStaticString(name)
        out.writeDecimal(UInt64(max(0, value)))
    }

    /// Whole microseconds, as a decimal number of milliseconds.
    private static func time(_ name: StaticString, _ value: Duration, _ out: inout ByteBuffer) {
        let (seconds, attoseconds) = max(.zero, value).components
        let microseconds = UInt64(clamping: seconds &* 1_000_000 &+ attoseconds / 1_000_000_000_000)
        out.writeStaticString(name)
        out.writeDecimal(microseconds / 1_000)
        let thousandths = microseconds % 1_000
        guard thousandths > 0 else { return }
        out.writeStaticString(thousandths < 10 ? ".00" : thousandths < 100 ? ".0" : ".")
        out.writeDecimal(thousandths)
    }
}
