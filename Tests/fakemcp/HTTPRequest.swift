/// One request, read from the front of a connection's bytes.
struct HTTPRequest {
    var method: String
    var path: String
    var query: [String: String]
    var headers: [String: String]
    var body: [UInt8]

    enum Reading {
        /// More bytes have to come; `expectsContinue` when the client waits for `100 Continue`.
        case incomplete(expectsContinue: Bool)
        case broken
        /// The request, and how many bytes it took.
        case complete(HTTPRequest, Int)
    }

    static func read(_ bytes: [UInt8]) -> Reading {
        let mark = Array("\r\n\r\n".utf8)
        guard let end = bytes.indices.first(where: { bytes[$0...].starts(with: mark) }) else {
            return .incomplete(expectsContinue: false)
        }
        let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n")
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count == 3 else { return .broken }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { return .broken }
            headers[parts[0].lowercased()] = trimmed(parts[1])
        }
        let target = words[1].split(separator: "?", maxSplits: 1)
        var request = HTTPRequest(
            method: String(words[0]), path: String(target.first ?? "/"), query: [:], headers: headers, body: [])
        for pair in (target.count > 1 ? target[1] : "").split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
            request.query[parts[0]] = parts.count > 1 ? parts[1] : ""
        }
        let start = end + mark.count
        let waits = headers["expect"]?.lowercased() == "100-continue"
        if headers["transfer-encoding"]?.lowercased() == "chunked" {
            guard let (body, taken) = chunks(bytes[start...]) else { return .incomplete(expectsContinue: waits) }
            request.body = body
            return .complete(request, start + taken)
        }
        guard let length = Int(headers["content-length"] ?? "0"), length >= 0 else { return .broken }
        guard bytes.count - start >= length else { return .incomplete(expectsContinue: waits) }
        request.body = Array(bytes[start..<start + length])
        return .complete(request, start + length)
    }

    /// The decoded body and how many bytes it took; nil when its end is not there yet.
    private static func chunks(_ bytes: ArraySlice<UInt8>) -> (body: [UInt8], taken: Int)? {
        var body: [UInt8] = []
        var at = bytes.startIndex
        while let end = bytes[at...].firstIndex(of: 0x0A) {
            let digits = String(decoding: bytes[at..<end], as: UTF8.self).prefix { $0.isHexDigit }
            guard let size = Int(digits, radix: 16), bytes.endIndex - end - 1 >= size + 2 else { return nil }
            body += bytes[end + 1..<end + 1 + size]
            at = end + 1 + size + 2
            if size == 0 { return (body, at - bytes.startIndex) }
        }
        return nil
    }

    private static func trimmed(_ text: Substring) -> String {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        let rest = text.drop(while: isBlank)
        return String(rest.reversed().drop(while: isBlank).reversed())
    }
}
