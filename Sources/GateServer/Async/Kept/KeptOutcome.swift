import GateBackend
import GateCore
import GateProtocol
import NIOCore

/// The form in which a store keeps what became of a call: a line that says what follows, then the server's message or the error as it
/// is.
struct KeptOutcome: Sendable {
    let outcome: AsyncOutcome
    /// Whether it came through `gate_call`.
    let isIndirect: Bool

    init(_ outcome: AsyncOutcome, isIndirect: Bool) {
        self.outcome = outcome
        self.isIndirect = isIndirect
    }

    var bytes: [UInt8] {
        switch outcome {
        case .reply(let reply):
            var out = ByteBuffer()
            out.writeStaticString("{\"kind\":\"reply\",\"server\":")
            out.writeJSONString(reply.server)
            out.writeStaticString(",\"tool\":")
            out.writeJSONString(reply.tool)
            out.writeStaticString(",\"correlation_id\":")
            out.writeJSONString(reply.correlationID)
            out.writeString(",\"is_indirect\":\(isIndirect),\"duration_us\":\(reply.duration.wholeMicroseconds)}\n")
            out.writeImmutable(reply.message.buffer)
            return Array(buffer: out)
        case .error(let error):
            return Array("{\"kind\":\"error\",\"is_indirect\":\(isIndirect)}\n".utf8) + error.json.bytes
        }
    }

    /// - Returns: nil when the bytes are not what this version writes.
    init?(_ bytes: [UInt8]) {
        guard let end = bytes.firstIndex(of: 0x0A), let head = try? JSONValue(parsing: Array(bytes[..<end])) else {
            return nil
        }
        isIndirect = head["is_indirect"]?.boolValue ?? false
        let rest = bytes[(end + 1)...]
        switch head["kind"]?.stringValue {
        case "reply":
            guard let message = try? WireMessage(ByteBuffer(bytes: rest), limits: .checkedBefore) else { return nil }
            outcome = .reply(
                CallReply(
                    message: message, server: head["server"]?.stringValue ?? "", tool: head["tool"]?.stringValue ?? "",
                    duration: .microseconds(head["duration_us"]?.intValue ?? 0),
                    correlationID: head["correlation_id"]?.stringValue ?? ""))
        case "error":
            guard let value = try? JSONValue(parsing: Array(rest)), let error = GateError(json: value) else {
                return nil
            }
            outcome = .error(error)
        default: return nil
        }
    }
}

extension JSONLimits {
    /// For what has been scanned before, by the limits of its connection.
    static var checkedBefore: JSONLimits { JSONLimits(nodes: .max, members: .max) }
}
