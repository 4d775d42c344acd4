import GateProtocol
import NIOCore

/// What the log says of arguments: a digest that finds equal ones, and their shape. The digest is keyed, so that nobody who reads the log
/// can find out by trying what a short argument was.
struct ArgumentDigest: Sendable {
    let key: KeyedHash
    /// Whether the arguments themselves are kept too.
    var isFull = false
    /// Names whose values are never kept, lower-case.
    var redacted: Set<String> = []

    private static let mostMembers = 16
    /// Larger arguments have no shape, and are not kept.
    private static let mostBytes = 16_384

    /// Members of the record as JSON text, beginning with a comma; empty without arguments.
    func write(_ arguments: ByteBuffer?, to out: inout LineWriter) {
        guard let arguments else { return }
        out.raw(",\"arguments\":{\"digest\":\"")
        out.hex(key.tag(arguments.readableBytesView).prefix(16))
        out.raw("\"")
        if arguments.readableBytes <= ArgumentDigest.mostBytes {
            out.raw(",\"shape\":{")
            writeShape(arguments, to: &out)
            out.raw("}")
            if isFull, let value = try? JSONValue(parsing: Array(buffer: arguments)) {
                out.raw(",\"value\":\(redact(value).text)".utf8)
            }
        }
        out.raw("}")
    }

    private func writeShape(_ arguments: ByteBuffer, to out: inout LineWriter) {
        guard let members = JSONMembers(arguments) else { return }
        for (index, field) in members.fields.list.prefix(ArgumentDigest.mostMembers).enumerated() {
            if index > 0 { out.raw(",") }
            out.raw(members.key(field).readableBytesView)
            if field.isString {
                out.number(":\"string(", field.content.count)
                out.raw(")\"")
            } else if field.isNumber {
                out.raw(":\"number\"")
            } else if field.isObject {
                out.raw(":\"object\"")
            } else if field.isNull {
                out.raw(":\"null\"")
            } else {
                out.raw(field.first == UInt8(ascii: "[") ? ":\"array\"" : ":\"boolean\"")
            }
        }
        let left = members.fields.list.count - ArgumentDigest.mostMembers
        if left > 0 { out.raw(",\"…\":\"\(left) more\"".utf8) }
    }

    private func redact(_ value: JSONValue) -> JSONValue {
        switch value {
        case .object(let object):
            .object(
                JSONObject(
                    object.members.map { member in
                        redacted.contains(member.key.lowercased())
                            ? (member.key, "[redacted]") : (member.key, redact(member.value))
                    }))
        case .array(let elements): .array(elements.map(redact))
        default: value
        }
    }
}
