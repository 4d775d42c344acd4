import NIOHTTP1

/// Reads a complete request head under the strict half of RFC 9112: what two implementations could read in two ways is refused.
///
/// The server has its own reader because a tolerant one would need a second, strict look at the same bytes, and the
/// two would have to agree for ever.
package struct HTTPHeadParser {
    private let bytes: [UInt8]
    private var position = 0
    private var slots: [HTTPRequestFields.Slot] = []
    private var framing = HTTPFramingRules()

    /// - Parameter bytes: a head as `HTTPHeadScanner` delimits it: CR LF at the end of each line, an empty line at the end.
    package static func parse(_ bytes: [UInt8]) throws(HTTPRefusal) -> HTTPHead {
        var parser = HTTPHeadParser(bytes: bytes)
        return try parser.parse()
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    private mutating func parse() throws(HTTPRefusal) -> HTTPHead {
        if bytes.first == ASCII.carriageReturn {
            guard byte(1) == ASCII.lineFeed else { throw HTTPRefusal(.badRequest, "bad request line") }
            position = 2
        }
        let method = try parseMethod()
        let (path, query) = try parseTarget()
        framing.isHTTP11 = try parseVersion()
        slots.reserveCapacity(16)
        while byte(position) != ASCII.carriageReturn { try parseField() }
        guard position + 2 == bytes.count else { throw HTTPRefusal(.badRequest, "bad header name") }
        let body = try framing.body(method: method)
        return HTTPHead(
            method: method, path: path, query: query, isHTTP11: framing.isHTTP11,
            headers: HTTPRequestFields(bytes: bytes, slots: slots), keepAlive: framing.keepAlive, body: body,
            expectsContinue: framing.expectsContinue)
    }

    /// Zero beyond the end, which no rule accepts.
    private func byte(_ index: Int) -> UInt8 { index < bytes.count ? bytes[index] : 0 }

    private mutating func parseMethod() throws(HTTPRefusal) -> HTTPMethod {
        let start = position
        while ASCII.isToken(byte(position)) { position += 1 }
        let name = bytes[start..<position]
        guard !name.isEmpty, name.count <= 32, byte(position) == ASCII.space else {
            throw HTTPRefusal(.badRequest, "bad method")
        }
        position += 1
        // Spelled out for the common ones: `HTTPMethod(rawValue:)` compares strings one after the other.
        if name.elementsEqual("POST".utf8) { return .POST }
        if name.elementsEqual("GET".utf8) { return .GET }
        return HTTPMethod(rawValue: String(decoding: name, as: UTF8.self))
    }

    private mutating func parseTarget() throws(HTTPRefusal) -> (String, String?) {
        let start = position
        guard byte(position) == UInt8(ascii: "/") else {
            throw HTTPRefusal(.badRequest, "the request target must start with /")
        }
        var question: Int?
        while ASCII.isVisible(byte(position)) {
            switch byte(position) {
            case UInt8(ascii: "#"), UInt8(ascii: "\\"):
                throw HTTPRefusal(.badRequest, "the request target has a byte that must be percent-encoded")
            case UInt8(ascii: "?") where question == nil: question = position
            default: break
            }
            position += 1
        }
        guard byte(position) == ASCII.space else {
            throw HTTPRefusal(.badRequest, "the request target has a byte that must be percent-encoded")
        }
        let path = String(decoding: bytes[start..<(question ?? position)], as: UTF8.self)
        let query = question.map { String(decoding: bytes[($0 + 1)..<position], as: UTF8.self) }
        position += 1
        return (path, query)
    }

    private mutating func parseVersion() throws(HTTPRefusal) -> Bool {
        let start = position
        while ASCII.isVisible(byte(position)) { position += 1 }
        let version = bytes[start..<position]
        guard byte(position) == ASCII.carriageReturn, byte(position + 1) == ASCII.lineFeed else {
            throw HTTPRefusal(.badRequest, "bad request line")
        }
        position += 2
        if version.elementsEqual("HTTP/1.1".utf8) { return true }
        if version.elementsEqual("HTTP/1.0".utf8) { return false }
        guard version.count == 8, version.starts(with: "HTTP/".utf8), byte(start + 6) == UInt8(ascii: "."),
            ASCII.isDigit(byte(start + 5)), ASCII.isDigit(byte(start + 7))
        else { throw HTTPRefusal(.badRequest, "bad request line") }
        throw HTTPRefusal(.httpVersionNotSupported, "only HTTP/1.1 and HTTP/1.0 are spoken here")
    }

    private mutating func parseField() throws(HTTPRefusal) {
        let nameStart = position
        while ASCII.isToken(byte(position)) { position += 1 }
        let name = nameStart..<position
        // Also refuses a blank before the colon and a folded line.
        guard !name.isEmpty, byte(position) == ASCII.colon else { throw HTTPRefusal(.badRequest, "bad header name") }
        position += 1
        while byte(position) == ASCII.space || byte(position) == ASCII.tab { position += 1 }
        let valueStart = position
        var allBits: UInt8 = 0
        while true {
            let next = byte(position)
            guard next >= 0x20 && next != 0x7F || next == ASCII.tab else { break }
            allBits |= next
            position += 1
        }
        guard byte(position) == ASCII.carriageReturn, byte(position + 1) == ASCII.lineFeed else {
            throw HTTPRefusal(.badRequest, "a header value has a control character")
        }
        var valueEnd = position
        while valueEnd > valueStart, bytes[valueEnd - 1] == ASCII.space || bytes[valueEnd - 1] == ASCII.tab {
            valueEnd -= 1
        }
        position += 2
        let value = valueStart..<valueEnd
        if allBits >= 0x80 { try Self.checkText(bytes[value]) }
        slots.append(.init(name: Self.compact(name), value: Self.compact(value)))
        try framing.note(name: bytes[name], value: bytes[value])
    }

    private static func compact(_ range: Range<Int>) -> Range<Int32> {
        // A head is far below 2 GiB: the limits are checked before this runs.
        Int32(truncatingIfNeeded: range.lowerBound)..<Int32(truncatingIfNeeded: range.upperBound)
    }

    /// Line separators hide in bytes above 0x7F too: U+0085, U+2028 and U+2029 end a line for some readers of logs and JSON.
    private static func checkText(_ value: ArraySlice<UInt8>) throws(HTTPRefusal) {
        guard let text = String(validating: value, as: UTF8.self),
            !text.unicodeScalars.contains(where: {
                (0x80..<0xA0).contains($0.value) || $0 == "\u{2028}" || $0 == "\u{2029}"
            })
        else { throw HTTPRefusal(.badRequest, "a header value is not plain UTF-8 text") }
    }
}
