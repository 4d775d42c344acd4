import GateBackend
import GateHTTP
import GateProtocol
import NIOCore

/// What is passed on beside arguments and results.
enum CallMeta {
    /// The members of the caller's `_meta` that are meant for the tool: all but the progress token, which is replaced, the
    /// protocol's own, which speak of this connection, the call's timeout, which has been obeyed, baggage, and what repeats the
    /// credential with which the agent came.
    /// - Parameter headers: of the request: a trace that they carry and `_meta` does not is passed on as if it did.
    static func passedOn(_ message: WireMessage, _ headers: HTTPRequestFields?) -> ByteBuffer? {
        var out = headers.flatMap { trace($0, besides: message) }
        guard let meta = message.envelope.meta else { return out }
        for field in meta.list where !field.keyIsEscaped && !isOurs(field, message) {
            if let credential = headers.flatMap(credential), holds(credential, field, message) { continue }
            var text = out ?? ByteBuffer()
            if out != nil { text.writeStaticString(",") }
            // The key with its quotes, and the value, as written.
            text.writeImmutable(message.slice((field.key.lowerBound - 1)..<(field.key.upperBound + 1)))
            text.writeStaticString(":")
            text.writeImmutable(message.slice(field.value))
            out = text
        }
        return out
    }

    private static func trace(_ headers: HTTPRequestFields, besides message: WireMessage) -> ByteBuffer? {
        // Nearly no request has one, and the other fields mean nothing without it.
        guard let parent = headers.bytes(of: "traceparent"), message.meta("traceparent") == nil,
            TraceContext.isPlain(parent)
        else { return nil }
        var out = ByteBuffer(string: "\"traceparent\":\"")
        out.writeBytes(parent)
        out.writeStaticString("\"")
        if let state = headers.bytes(of: "tracestate"), TraceContext.isPlain(state), message.meta("tracestate") == nil {
            out.writeStaticString(",\"tracestate\":\"")
            out.writeBytes(state)
            out.writeStaticString("\"")
        }
        return out
    }

    /// What stands behind the scheme in `Authorization`. Shorter ones are found in anything.
    private static func credential(_ headers: HTTPRequestFields) -> ArraySlice<UInt8>? {
        guard let field = headers.bytes(of: "authorization") else { return nil }
        let credential = field.drop { $0 != 0x20 }.drop { $0 == 0x20 }
        return credential.count >= 16 ? credential : nil
    }

    private static func holds(_ credential: ArraySlice<UInt8>, _ field: JSONField, _ message: WireMessage) -> Bool {
        message.buffer.withUnsafeReadableBytes { text in
            [field.key, field.value].contains { range in
                var rest = text[range]
                while let first = credential.first, let start = rest.firstIndex(of: first) {
                    rest = rest[start...]
                    if rest.starts(with: credential) { return true }
                    rest = rest.dropFirst()
                }
                return false
            }
        }
    }

    private static func isOurs(_ field: JSONField, _ message: WireMessage) -> Bool {
        message.buffer.withUnsafeReadableBytes { text in
            let key = text[field.key]
            let reserved = MCPMeta.reservedPrefix
            return JSONString.equal(text, field.key, MCPMeta.progressToken)
                || JSONString.equal(text, field.key, MCPMeta.timeout)
                || JSONString.equal(text, field.key, MCPMeta.task)
                || JSONString.equal(text, field.key, MCPMeta.idempotencyKey)
                || JSONString.equal(text, field.key, TraceContext.baggage)
                || key.starts(with: UnsafeBufferPointer(start: reserved.utf8Start, count: reserved.utf8CodeUnitCount))
        }
    }

    /// The idempotency key of a tool's call; nil when it has none.
    static func key(_ message: WireMessage) throws(GateError) -> String? {
        guard let field = message.meta(MCPMeta.idempotencyKey), !field.isNull else { return nil }
        return try IdempotencyKey.checked(message.string(field) ?? "")
    }

    /// What `_meta` allows the call to take; nil when it says nothing.
    static func timeout(_ message: WireMessage) -> Result<Duration?, RPCFault> {
        guard let field = message.meta(MCPMeta.timeout) else { return .success(nil) }
        guard let milliseconds = message.int(field), (1...999_999_999).contains(milliseconds) else {
            return .failure(
                RPCFault(
                    code: RPCCode.invalidParams,
                    message: "_meta \"\(MCPMeta.timeout)\" must be a whole number of milliseconds, at least 1."))
        }
        return .success(.milliseconds(milliseconds))
    }
}
