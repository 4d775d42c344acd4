import GateProtocol

/// One JSON-RPC message that passed the strict scanner.
struct Message: Sendable {
    let kind: Envelope.Kind
    /// The id's own bytes, so that it goes back exactly as it came.
    let id: [UInt8]
    let method: [UInt8]
    let params: JSONValue
    let result: JSONValue?

    init(_ line: [UInt8]) throws(EnvelopeFault) {
        let envelope = try line.withUnsafeBytes { text in
            Result { () throws(EnvelopeFault) in try Envelope.scan(text) }
        }.get()
        func bytes(_ range: Range<Int>?) -> [UInt8] { range.map { Array(line[$0]) } ?? [] }
        func value(_ fields: JSONFields?) throws(EnvelopeFault) -> JSONValue? {
            guard let fields else { return nil }
            do throws(JSONFault) { return try JSONValue(parsing: bytes(fields.range)) } catch { throw .json(error) }
        }
        kind = envelope.kind
        id = bytes(envelope.id?.value)
        method = bytes(envelope.method?.content)
        params = try value(envelope.params) ?? .object(JSONObject())
        result = try value(envelope.result)
    }

    func isMethod(_ name: StaticString) -> Bool {
        method.elementsEqual(UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
    }

    /// A member of `params._meta`.
    func meta(_ key: StaticString) -> JSONValue? { params["_meta"]?[key.description] }
}
