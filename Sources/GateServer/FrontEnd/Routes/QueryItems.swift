/// Decoding of percent escapes, as strict as paths need it.
package enum PercentDecoding {
    /// One path segment; nil when it is empty, too long, not UTF-8, or holds an escaped slash, NUL or control character.
    package static func segment(_ bytes: ArraySlice<UInt8>) -> String? {
        guard !bytes.isEmpty, bytes.count <= 768, let decoded = decode(bytes, plusIsSpace: false),
            !decoded.contains(where: { $0 < 0x20 || $0 == 0x7F || $0 == UInt8(ascii: "/") })
        else { return nil }
        return String(validating: decoded, as: UTF8.self)
    }

    static func decode(_ bytes: some Collection<UInt8>, plusIsSpace: Bool) -> [UInt8]? {
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count)
        var rest = bytes.makeIterator()
        while let byte = rest.next() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = rest.next().flatMap(hex), let low = rest.next().flatMap(hex) else { return nil }
                out.append(high << 4 | low)
            case UInt8(ascii: "+") where plusIsSpace: out.append(0x20)
            default: out.append(byte)
            }
        }
        return out
    }

    private static func hex(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }
}

/// The items of a query string, decoded. Of a repeated name the first counts.
package struct QueryItems: Sendable {
    private let items: [(name: String, value: String)]
    /// False when an escape is broken, the text is not UTF-8 or there are too many items. Such a query is refused: to
    /// leave out what cannot be read could widen what the caller asked to see.
    let isValid: Bool

    private static let maxItems = 100

    package init(_ query: String?) {
        var items: [(name: String, value: String)] = []
        let pairs = (query ?? "").utf8.split(separator: UInt8(ascii: "&"))
        var isValid = pairs.count <= QueryItems.maxItems
        for pair in pairs.prefix(QueryItems.maxItems) {
            let equals = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            let value = equals == pair.endIndex ? pair[equals...] : pair[pair.index(after: equals)...]
            guard let name = PercentDecoding.decode(pair[..<equals], plusIsSpace: true),
                let decoded = PercentDecoding.decode(value, plusIsSpace: true),
                let nameText = String(validating: name, as: UTF8.self),
                let valueText = String(validating: decoded, as: UTF8.self)
            else {
                isValid = false
                continue
            }
            items.append((nameText, valueText))
        }
        self.items = items
        self.isValid = isValid
    }

    package subscript(_ name: String) -> String? { items.first { $0.name.utf8.elementsEqual(name.utf8) }?.value }
}
