import GateBackend
import GateCore
import GateProtocol
import NIOCore

/// What the owner of an asynchronous call is told of it, in the one form that polling over MCP and REST, the stream of its changes and
/// callbacks share: a JSON object. The server's result is in it byte for byte.
struct CallDocument: Sendable {
    let view: AsyncCallView

    init(_ view: AsyncCallView) { self.view = view }

    /// - Parameter withResult: false leaves the result out and says how long it is (`result_bytes`).
    func parts(withResult: Bool = true) -> [ByteBuffer] {
        var head = head
        switch view.outcome {
        case nil:
            head.writeStaticString("}")
            return [head]
        case .error(let error):
            head.writeString(",\"error\":\(error.json.text)}")
            return [head]
        case .reply(let reply):
            if reply.isError { head.writeStaticString(",\"is_error\":true") }
            head.writeString(",\"duration_ms\":\(JSONValue(rounded: reply.duration / .milliseconds(1)).text)")
            head.writeStaticString(",\"correlation_id\":")
            head.writeJSONString(reply.correlationID)
            let result = reply.result
            guard withResult else {
                head.writeString(",\"result_bytes\":\(result.readableBytes)}")
                return [head]
            }
            head.writeStaticString(",\"result\":")
            return [head, result, ByteBuffer(string: "}")]
        }
    }

    /// - Parameter maxResultBytes: a longer result is left out.
    func text(maxResultBytes: Int = .max) -> ByteBuffer {
        var isShort = true
        if case .reply(let reply)? = view.outcome { isShort = reply.result.readableBytes <= maxResultBytes }
        var out = ByteBuffer()
        for part in parts(withResult: isShort) { out.writeImmutable(part) }
        return out
    }

    /// All up to the outcome, without the closing brace.
    private var head: ByteBuffer {
        let record = view.record
        var out = ByteBuffer()
        out.writeString("{\"call_id\":\"\(record.id)\",\"status\":\"\(record.status.rawValue)\",\"server\":")
        out.writeJSONString(record.server)
        out.writeStaticString(",\"tool\":")
        out.writeJSONString(record.tool)
        out.writeString(",\"submitted_at\":\"\(WallClock.text(record.createdAt))\"")
        out.writeString(",\"updated_at\":\"\(WallClock.text(record.updatedAt))\"")
        if record.status.end != nil { out.writeString(",\"expires_at\":\"\(WallClock.text(record.expiresAt))\"") }
        if let progress = view.progress {
            out.writeStaticString(",\"progress\":{")
            out.writeImmutable(progress)
            out.writeStaticString("}")
        }
        if !view.questions.isEmpty {
            out.writeStaticString(",\"questions\":[")
            for (index, question) in view.questions.enumerated() {
                out.writeString(index == 0 ? "{\"key\":" : ",{\"key\":")
                out.writeJSONString(question.key)
                out.writeString(",\"method\":\"\(question.method)\",\"params\":")
                out.writeImmutable(question.params)
                out.writeStaticString("}")
            }
            out.writeStaticString("]")
        }
        return out
    }
}
