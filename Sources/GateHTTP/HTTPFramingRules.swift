import NIOHTTP1

/// What the header fields say about where a request ends and what becomes of the connection (RFC 9112, 6 and 9; RFC 9110, 7.2).
struct HTTPFramingRules {
    var isHTTP11 = true
    private(set) var expectsContinue = false
    private var hosts = 0
    private var contentLength: Int?
    private var isChunked = false
    private var saysClose = false
    private var saysKeepAlive = false

    var keepAlive: Bool { !saysClose && (isHTTP11 || saysKeepAlive) }

    /// Takes one header field into account.
    mutating func note(name: ArraySlice<UInt8>, value: ArraySlice<UInt8>) throws(HTTPRefusal) {
        switch name.count {
        case 4 where ASCII.equalsIgnoringCase(name, "host"): try noteHost(value)
        case 6 where ASCII.equalsIgnoringCase(name, "expect"):
            guard ASCII.equalsIgnoringCase(value, "100-continue") else {
                throw HTTPRefusal(.expectationFailed, "only 100-continue can be expected")
            }
            expectsContinue = true
        case 10 where ASCII.equalsIgnoringCase(name, "connection"): noteConnection(value)
        case 14 where ASCII.equalsIgnoringCase(name, "content-length"): try noteContentLength(value)
        case 16 where ASCII.equalsIgnoringCase(name, "content-encoding"):
            guard ASCII.equalsIgnoringCase(value, "identity") else {
                throw HTTPRefusal(.unsupportedMediaType, "compressed request bodies are not accepted")
            }
        case 17 where ASCII.equalsIgnoringCase(name, "transfer-encoding"):
            guard !isChunked, ASCII.equalsIgnoringCase(value, "chunked") else {
                throw HTTPRefusal(.badRequest, "the only transfer encoding accepted is chunked")
            }
            isChunked = true
        default: break
        }
    }

    /// The body's framing, once all fields were noted.
    func body(method: HTTPMethod) throws(HTTPRefusal) -> HTTPHead.BodyFraming {
        guard hosts == 1 else { throw HTTPRefusal(.badRequest, "exactly one Host header is required") }
        if isChunked {
            guard contentLength == nil else {
                throw HTTPRefusal(.badRequest, "Content-Length and Transfer-Encoding exclude each other")
            }
            guard isHTTP11 else { throw HTTPRefusal(.badRequest, "HTTP/1.0 has no Transfer-Encoding") }
            return .chunked
        }
        if let contentLength { return contentLength == 0 ? .none : .length(contentLength) }
        if !isHTTP11, method == .POST || method == .PUT || method == .PATCH {
            throw HTTPRefusal(.badRequest, "an HTTP/1.0 request with a body needs Content-Length")
        }
        return .none
    }

    private mutating func noteHost(_ value: ArraySlice<UInt8>) throws(HTTPRefusal) {
        hosts += 1
        let isWellFormed = value.allSatisfy { byte in
            if ASCII.isLetterOrDigit(byte) { return true }
            switch byte {
            case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ":"), UInt8(ascii: "["),
                UInt8(ascii: "]"):
                return true
            default: return false
            }
        }
        guard hosts == 1, !value.isEmpty, isWellFormed else { throw HTTPRefusal(.badRequest, "bad Host header") }
    }

    private mutating func noteContentLength(_ value: ArraySlice<UInt8>) throws(HTTPRefusal) {
        // 18 digits cannot overflow.
        guard contentLength == nil, !value.isEmpty, value.count <= 18, value.allSatisfy(ASCII.isDigit) else {
            throw HTTPRefusal(.badRequest, "bad Content-Length header")
        }
        contentLength = value.reduce(0) { $0 * 10 + Int($1 &- 0x30) }
    }

    private mutating func noteConnection(_ value: ArraySlice<UInt8>) {
        for option in value.split(separator: UInt8(ascii: ",")) {
            let isBlank = { (byte: UInt8) in byte == ASCII.space || byte == ASCII.tab }
            var option = option.drop(while: isBlank)
            while let last = option.last, isBlank(last) { option.removeLast() }
            if ASCII.equalsIgnoringCase(option, "close") { saysClose = true }
            if ASCII.equalsIgnoringCase(option, "keep-alive") { saysKeepAlive = true }
        }
    }
}
