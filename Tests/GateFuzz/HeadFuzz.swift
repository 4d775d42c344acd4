import GateHTTP

enum HeadFuzz {
    static func check(_ input: [UInt8]) -> String? {
        // The scanner delimits a head for the parser; the parser is given only such.
        guard let end = headEnd(input) else { return nil }
        let bytes = Array(input[..<end])
        guard let head = try? HTTPHeadParser.parse(bytes) else { return nil }
        guard head.path.utf8.first == UInt8(ascii: "/") else { return "a path that does not begin with /" }
        guard !head.path.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return "a path with control bytes" }
        // Who agrees to two lengths lets a second request hide in the first.
        guard head.headers.count(of: "Content-Length") <= 1, head.headers.count(of: "Host") <= 1 else {
            return "two lengths or two hosts were taken"
        }
        if head.headers.contains("Content-Length"), head.headers.contains("Transfer-Encoding") {
            return "a length and chunks were taken together"
        }
        return nil
    }

    private static func headEnd(_ input: [UInt8]) -> Int? {
        let mark: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A]
        guard input.count >= mark.count else { return nil }
        for start in 0...(input.count - mark.count) where input[start..<(start + mark.count)].elementsEqual(mark) {
            return start + mark.count
        }
        return nil
    }
}
