/// The reply to one call of a ``Load``, read just as far as the measurement needs.
struct LoadReply {
    private let head: String
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        head = LoadReply.headEnd(bytes).map { String(decoding: bytes[..<$0], as: UTF8.self).lowercased() } ?? ""
    }

    static func isComplete(_ bytes: [UInt8]) -> Bool {
        guard let end = headEnd(bytes) else { return false }
        let head = String(decoding: bytes[..<end], as: UTF8.self).lowercased()
        if head.contains("transfer-encoding: chunked") { return bytes.suffix(5).elementsEqual("0\r\n\r\n".utf8) }
        return bytes.count - end >= length(head)
    }

    var closes: Bool { head.contains("connection: close") }

    func record(_ number: Int, from start: ContinuousClock.Instant, to end: ContinuousClock.Instant) -> CallRecord {
        let status = Int(head.dropFirst(9).prefix(3)) ?? 0
        // The members that a failed call's answer has are in its first and in its last bytes; results may be huge.
        let text =
            String(decoding: bytes.prefix(4096), as: UTF8.self) + String(decoding: bytes.suffix(512), as: UTF8.self)
        var code = ""
        if status != 200 {
            code = LoadReply.value("\"code\":\"", in: text, upTo: UInt8(ascii: "\"")) ?? "HTTP_\(status)"
        } else if text.contains("\"is_error\":true") {
            code = "TOOL_ERROR"
        }
        return CallRecord(
            number: number, start: start, end: end, status: status, code: code, sent: LoadReply.flag("sent", in: text),
            retryable: LoadReply.flag("retryable", in: text), hasRetryAfter: head.contains("\r\nretry-after:"))
    }

    private static func flag(_ name: String, in text: String) -> Bool? {
        text.contains("\"\(name)\":true") ? true : text.contains("\"\(name)\":false") ? false : nil
    }

    /// What follows `mark` up to `end`, by bytes: the texts may hold anything.
    private static func value(_ mark: String, in text: String, upTo end: UInt8) -> String? {
        let bytes = Array(text.utf8)
        let mark = Array(mark.utf8)
        guard let first = mark.first, bytes.count >= mark.count else { return nil }
        for index in 0...(bytes.count - mark.count)
        where bytes[index] == first && bytes[index..<(index + mark.count)].elementsEqual(mark) {
            return String(decoding: bytes[(index + mark.count)...].prefix { $0 != end }, as: UTF8.self)
        }
        return nil
    }

    private static func length(_ head: String) -> Int {
        value("content-length: ", in: head, upTo: 13).flatMap { Int($0) } ?? 0
    }

    private static func headEnd(_ bytes: [UInt8]) -> Int? {
        let mark: [UInt8] = [13, 10, 13, 10]
        guard bytes.count >= 4 else { return nil }
        for index in 0...(min(bytes.count, 16384) - 4) where bytes[index] == 13 {
            if bytes[index..<(index + 4)].elementsEqual(mark) { return index + 4 }
        }
        return nil
    }
}
