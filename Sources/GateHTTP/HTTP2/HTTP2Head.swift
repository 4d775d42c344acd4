import NIOHPACK
import NIOHTTP1

/// Reads the head of an HTTP/2 request by the rules for HTTP/1.1: it is written as such a head and goes through the same parser, so that
/// a request means one thing only, however it came.
enum HTTP2Head {
    /// - Throws: when the fields break the rules of HTTP or a limit.
    static func parse(_ fields: HPACKHeaders, limits: HTTPLimits) throws(HTTPRefusal) -> HTTPHead {
        let method = try only(":method", fields)
        let path = try only(":path", fields)
        let authority = try self.authority(fields)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(256)
        bytes += try checked(method)
        bytes.append(ASCII.space)
        bytes += try checked(path)
        bytes += " HTTP/1.1\r\nhost: ".utf8
        bytes += try checked(authority)
        for (name, value, _) in fields where !isFraming(name) {
            bytes += "\r\n".utf8
            bytes += try checked(name)
            bytes += ": ".utf8
            bytes += try checked(value)
            guard bytes.count <= limits.maxRequestLineBytes + limits.maxHeaderBytes else { throw tooLarge }
        }
        bytes += "\r\n\r\n".utf8
        var scanner = HTTPHeadScanner(limits: limits)
        let scanned = bytes.withUnsafeBytes { bytes in
            Result<Int?, HTTPRefusal> { () throws(HTTPRefusal) in try scanner.scan(bytes) }
        }
        guard try scanned.get() == bytes.count else { throw HTTPRefusal(.badRequest, "bad request head") }
        return try HTTPHeadParser.parse(bytes)
    }

    private static var tooLarge: HTTPRefusal {
        HTTPRefusal(.requestHeaderFieldsTooLarge, "the header fields are too large")
    }

    /// The one value of a field that must be there.
    private static func only(_ name: String, _ fields: HPACKHeaders) throws(HTTPRefusal) -> String {
        let values = fields[name]
        guard values.count == 1 else {
            throw HTTPRefusal(.badRequest, "method, path and authority are needed, each once")
        }
        return values[0]
    }

    /// `Host` may be there as well, and must then say the same (RFC 9113, 8.3.1).
    private static func authority(_ fields: HPACKHeaders) throws(HTTPRefusal) -> String {
        let hosts = fields["host"]
        guard hosts.count <= 1 else { throw HTTPRefusal(.badRequest, "exactly one Host header is required") }
        let authorities = fields[":authority"]
        guard authorities.count <= 1, let authority = authorities.first ?? hosts.first,
            hosts.first.map({ $0.utf8.elementsEqual(authority.utf8) }) ?? true
        else { throw HTTPRefusal(.badRequest, "exactly one Host header is required") }
        return authority
    }

    /// Fields that HTTP/2 says in frames of its own, or in pseudo fields.
    private static func isFraming(_ name: String) -> Bool {
        name.utf8.first == ASCII.colon || name == "host" || name == "content-length"
    }

    /// Nothing that could begin another line.
    private static func checked(_ text: String) throws(HTTPRefusal) -> String.UTF8View {
        guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == ASCII.tab }) else {
            throw HTTPRefusal(.badRequest, "a header value has a control character")
        }
        return text.utf8
    }
}
