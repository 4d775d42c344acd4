import GateBackend
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
    func write(_ arguments: ByteBuffer?, to out: inout ByteBuffer) {
        guard let arguments else { return }
        out.writeStaticString(",\"arguments\":{\"digest\":\"")
        for byte in (key.tag(arguments.readableBytesView) ?? []).prefix(16) {
            out.writeInteger(ArgumentDigest.digit(byte >> 4))
            out.writeInteger(ArgumentDigest.digit(byte & 15))
        }
        out.writeStaticString("\"")
        if arguments.readableBytes <= ArgumentDigest.mostBytes {
            out.writeStaticString(",\"shape\":{")
            writeShape(arguments, to: &out)
            out.writeStaticString("}")
            if isFull, let value = try? JSONValue(parsing: Array(buffer: arguments)) {
                out.writeString(",\"value\":\(redact(value).text)")
            }
        }
        out.writeStaticString("}")
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x57 + value }

    private func writeShape(_ arguments: ByteBuffer, to out: inout ByteBuffer) {
        guard let members = JSONMembers(arguments) else { return }
        for (index, field) in members.fields.list.prefix(ArgumentDigest.mostMembers).enumerated() {
            if index > 0 { out.writeStaticString(",") }
            out.writeImmutable(members.key(field))
            let kind =
                field.isString
                ? "string"
                : field.isNumber
                    ? "number"
                    : field.isObject
                        ? "object"
                        : field.isNull ? "null" : field.first == UInt8(ascii: "[") ? "array" : "boolean"
            out.writeString(field.isString ? ":\"\(kind)(\(field.content.count))\"" : ":\"\(kind)\"")
        }
        let left = members.fields.list.count - ArgumentDigest.mostMembers
        if left > 0 { out.writeString(",\"…\":\"\(left) more\"") }
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
