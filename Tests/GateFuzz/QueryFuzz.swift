import GateServer

enum QueryFuzz {
    static func check(_ input: [UInt8]) -> String? {
        if let segment = PercentDecoding.segment(input[...]) {
            guard !segment.isEmpty, segment.utf8.count <= input.count else { return "a segment out of nothing" }
            guard !segment.utf8.contains(where: { $0 == UInt8(ascii: "/") || $0 < 0x20 || $0 == 0x7F }) else {
                return "a segment with a slash or a control byte"
            }
        }
        guard let text = String(validating: input, as: UTF8.self) else { return nil }
        let items = QueryItems(text)
        for name in ["limit", "query", "servers", "after", ""] {
            guard let value = items[name] else { continue }
            guard value.utf8.count <= input.count else { return "a value longer than the query" }
        }
        // What needs no decoding means itself.
        let plain = text.utf8.allSatisfy {
            $0 != UInt8(ascii: "%") && $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "&")
        }
        if plain, !text.utf8.contains(UInt8(ascii: "=")), QueryItems("limit=" + text)["limit"] != text {
            return "a plain value was changed"
        }
        return nil
    }
}
