import GateProtocol

enum EnvelopeFuzz {
    static func check(_ input: [UInt8]) -> String? {
        input.withUnsafeBytes { text -> String? in
            guard let envelope = try? Envelope.scan(text) else { return nil }
            guard (try? JSONScanner.validate(text)) != nil else { return "a message that is no JSON was taken" }
            let parts = [envelope.params, envelope.meta, envelope.result, envelope.error].compactMap { $0 }
            for fields in parts {
                guard fields.range.upperBound <= text.count, text[fields.range.lowerBound] == UInt8(ascii: "{"),
                    text[fields.range.upperBound - 1] == UInt8(ascii: "}")
                else { return "a part is no object" }
                for field in fields.list where !fields.range.contains(field.value.lowerBound) {
                    return "a member lies outside of its object"
                }
            }
            switch envelope.kind {
            case .request: return envelope.id != nil && envelope.method != nil ? nil : "a request without id or method"
            case .notification: return envelope.method != nil ? nil : "a notification without a method"
            case .result: return envelope.id != nil ? nil : "a result without an id"
            case .failure: return envelope.error != nil ? nil : "a failure without an error"
            }
        }
    }
}
