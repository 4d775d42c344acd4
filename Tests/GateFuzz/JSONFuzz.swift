import GateProtocol

enum JSONFuzz {
    static func check(_ input: [UInt8]) -> String? {
        let isValid = input.withUnsafeBytes { text in (try? JSONScanner.validate(text)) != nil }
        guard let value = try? JSONValue(parsing: input) else { return nil }
        guard isValid else { return "a tree was built from text that the scanner refuses" }
        // What is written again is read again, to the same tree.
        guard let again = try? JSONValue(parsing: value.bytes) else { return "its own text is refused" }
        guard again == value else { return "its own text is another value" }
        return ranges(input)
    }

    /// Members and elements lie inside the text, in order, and are JSON themselves.
    private static func ranges(_ input: [UInt8]) -> String? {
        input.withUnsafeBytes { text -> String? in
            var scanner = JSONScanner(text)
            guard (try? scanner.beginText()) != nil, let first = try? scanner.peek() else { return nil }
            var ranges: [Range<Int>] = []
            if first == UInt8(ascii: "{"), let fields = try? scanner.scanObject() {
                ranges = fields.list.map(\.value)
            } else if first == UInt8(ascii: "["), let found = try? scanner.scanArray() {
                ranges = found
            }
            var end = 0
            for range in ranges {
                guard range.lowerBound >= end, range.upperBound <= text.count else { return "ranges overlap" }
                end = range.upperBound
                let part = UnsafeRawBufferPointer(rebasing: text[range])
                guard (try? JSONScanner.validate(part)) != nil else { return "a part is no JSON" }
            }
            return nil
        }
    }
}
