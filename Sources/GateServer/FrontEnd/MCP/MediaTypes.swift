import GateHTTP

/// What a request says about the forms it has and takes.
enum MediaTypes {
    static func isJSON(_ headers: HTTPRequestFields) -> Bool {
        guard let value = headers.bytes(of: "Content-Type") else { return false }
        return essence(value).elementsEqual("application/json".utf8)
    }

    /// Whether the request takes this type. Without `Accept`, and with wildcards, it takes all.
    static func accepts(_ type: String, _ headers: HTTPRequestFields) -> Bool {
        let fields = headers.all("Accept")
        guard !fields.isEmpty else { return true }
        let wildcard = type.prefix { $0 != "/" } + "/*"
        return fields.contains { field in
            ranges(field).contains { range in
                range.elementsEqual(type.utf8) || range.elementsEqual("*/*".utf8) || range.elementsEqual(wildcard.utf8)
            }
        }
    }

    /// Whether the request names this type itself.
    static func names(_ type: String, _ headers: HTTPRequestFields) -> Bool {
        headers.all("Accept").contains { field in ranges(field).contains { $0.elementsEqual(type.utf8) } }
    }

    private static func ranges(_ field: String) -> [[UInt8]] {
        Array(field.utf8).split(separator: UInt8(ascii: ",")).map(essence)
    }

    /// The type without parameters, in lower case.
    private static func essence(_ value: ArraySlice<UInt8>) -> [UInt8] {
        value.prefix { $0 != UInt8(ascii: ";") }.filter { $0 != 0x20 && $0 != 0x09 }
            .map { $0 &- 0x41 < 26 ? $0 | 0x20 : $0 }
    }
}
