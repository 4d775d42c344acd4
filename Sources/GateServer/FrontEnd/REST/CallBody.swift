import GateBackend
import GateProtocol
import NIOCore

/// The body of `POST /call` and `POST /call/async`, taken apart without touching the arguments.
struct CallBody: Sendable {
    let server: String?
    let tool: String
    /// The arguments' own bytes.
    let arguments: ByteBuffer?
    /// Who is told of the end, in `POST /call/async`.
    let callback: String?

    init(_ body: ByteBuffer, isAsync: Bool = false) throws(GateError) {
        let fields: JSONFields
        do throws(JSONFault) {
            let scanned = body.withUnsafeReadableBytes { text in
                Result { () throws(JSONFault) -> JSONFields in
                    var scanner = JSONScanner(text)
                    try scanner.beginText()
                    let fields = try scanner.scanObject()
                    try scanner.endText()
                    return fields
                }
            }
            fields = try scanned.get()
        } catch {
            throw GateError(.invalidJSON, "The body is not a valid JSON object: \(error).", source: .caller)
        }
        for field in fields.list where !CallBody.isKnown(field, body, isAsync) {
            let name = String(decoding: CallBody.slice(body, field.key).readableBytesView.prefix(64), as: UTF8.self)
            throw GateError(
                .badRequest,
                "Unknown member '\(name)'. The body is {\"server\", \"tool\", \"arguments\"\(isAsync ? ", \"callback_url\"" : "")}.",
                source: .caller)
        }
        guard let tool = try CallBody.string("tool", fields, body) else {
            throw GateError(.badRequest, "The body needs {\"tool\": \"…\"}.", source: .caller)
        }
        self.tool = tool
        server = try CallBody.string("server", fields, body)
        callback = try CallBody.string("callback_url", fields, body, maxBytes: 2_048)
        let arguments = body.withUnsafeReadableBytes { fields.find("arguments", in: $0) }
        switch arguments {
        case nil: self.arguments = nil
        case let field? where field.isObject: self.arguments = CallBody.slice(body, field.value)
        case let field? where field.isNull: self.arguments = nil
        default: throw GateError(.badRequest, "\"arguments\" must be an object.", source: .caller)
        }
    }

    private static func isKnown(_ field: JSONField, _ body: ByteBuffer, _ isAsync: Bool) -> Bool {
        body.withUnsafeReadableBytes { text in
            !field.keyIsEscaped
                && (JSONString.equal(text, field.key, "tool") || JSONString.equal(text, field.key, "server")
                    || JSONString.equal(text, field.key, "arguments")
                    || isAsync && JSONString.equal(text, field.key, "callback_url"))
        }
    }

    private static func string(
        _ name: StaticString, _ fields: JSONFields, _ body: ByteBuffer, maxBytes: Int = 512
    ) throws(GateError) -> String? {
        guard let field = body.withUnsafeReadableBytes({ fields.find(name, in: $0) }), !field.isNull else { return nil }
        let decoded = body.withUnsafeReadableBytes { text in
            field.isString ? JSONString.decode(UnsafeRawBufferPointer(rebasing: text[field.content])) : nil
        }
        guard let decoded, decoded.count <= maxBytes else {
            throw GateError(.badRequest, "\"\(name)\" must be a string of at most \(maxBytes) bytes.", source: .caller)
        }
        return String(decoding: decoded, as: UTF8.self)
    }

    private static func slice(_ body: ByteBuffer, _ range: Range<Int>) -> ByteBuffer {
        body.getSlice(at: body.readerIndex + range.lowerBound, length: range.count) ?? ByteBuffer()
    }
}
