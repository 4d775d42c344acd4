import GateProtocol
import NIOCore

/// The members of `_meta` that trace a call through programs (W3C Trace Context): over HTTP they are header fields of the same names
/// as well.
package enum TraceContext {
    package static let names = ["traceparent", "tracestate"]
    /// W3C Baggage: what programs before the agent have hung on its request, often who its user is. It ends at the gateway.
    package static let baggage: StaticString = "baggage"
    /// Longer values are not repeated in a header.
    private static let maxBytes = 8_192

    /// Whether a value can stand in a header and in a JSON string as it is.
    package static func isPlain(_ value: some Collection<UInt8>) -> Bool {
        !value.isEmpty && value.count <= maxBytes
            && value.allSatisfy { (0x20...0x7E).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
    }

    /// The header fields for members of `_meta`.
    /// - Parameter meta: as JSON text without braces.
    static func headers(_ meta: ByteBuffer) -> [(name: String, value: String)] {
        var object = ByteBuffer(string: "{")
        object.writeImmutable(meta)
        object.writeStaticString("}")
        return object.withUnsafeReadableBytes { text in
            var scanner = JSONScanner(text)
            guard let fields = try? scanner.scanObject() else { return [] }
            return fields.list.compactMap { field in
                guard field.isString, !field.keyIsEscaped,
                    let name = names.first(where: { text[field.key].elementsEqual($0.utf8) }),
                    isPlain(text[field.content])
                else { return nil }
                return (name, String(decoding: text[field.content], as: UTF8.self))
            }
        }
    }
}
