import NIOHTTP1

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Finds the end of a request head in bytes that arrive in pieces, and stops at the first byte beyond a limit. Each byte is
/// looked at once, however small the pieces are.
struct HTTPHeadScanner {
    private let limits: HTTPLimits
    private var scanned = 0
    private var lineStart = 0
    private var requestLineEnd: Int?
    private var fields = 0

    init(limits: HTTPLimits) {
        self.limits = limits
    }

    /// Looks at the bytes beyond those already seen.
    /// - Parameter bytes: everything received of this head so far.
    /// - Returns: the length of the head with its empty line, or nil when more bytes are needed.
    mutating func scan(_ bytes: UnsafeRawBufferPointer) throws(HTTPRefusal) -> Int? {
        guard let base = bytes.baseAddress else { return nil }
        if scanned == 0, let first = bytes.first, !ASCII.isToken(first), first != ASCII.carriageReturn {
            throw HTTPRefusal(.badRequest, "not an HTTP request")
        }
        while scanned < bytes.count, let found = memchr(base + scanned, Int32(ASCII.lineFeed), bytes.count - scanned) {
            let lineFeed = UnsafeRawPointer(found) - base
            guard lineFeed > lineStart, bytes[lineFeed - 1] == ASCII.carriageReturn else {
                throw HTTPRefusal(.badRequest, "a line must end with CR LF")
            }
            let length = lineFeed - 1 - lineStart
            scanned = lineFeed + 1
            lineStart = scanned
            if requestLineEnd == nil {
                // RFC 9112, 2.2: one empty line before the request line is let through.
                if length == 0 && lineFeed == 1 { continue }
                guard length > 0 else { throw HTTPRefusal(.badRequest, "empty request line") }
                try checkRequestLine(length)
                requestLineEnd = scanned
            } else if length == 0 {
                return scanned
            } else {
                fields += 1
                guard fields <= limits.maxHeaderFields else {
                    throw HTTPRefusal(.requestHeaderFieldsTooLarge, "too many header fields")
                }
                try checkHeaderBytes(scanned)
            }
        }
        scanned = bytes.count
        if requestLineEnd == nil {
            try checkRequestLine(bytes.count - lineStart)
        } else {
            try checkHeaderBytes(bytes.count)
        }
        return nil
    }

    private func checkRequestLine(_ length: Int) throws(HTTPRefusal) {
        guard length <= limits.maxRequestLineBytes else {
            throw HTTPRefusal(.uriTooLong, "the request line is too long")
        }
    }

    private func checkHeaderBytes(_ end: Int) throws(HTTPRefusal) {
        guard end - (requestLineEnd ?? 0) <= limits.maxHeaderBytes else {
            throw HTTPRefusal(.requestHeaderFieldsTooLarge, "the header is too large")
        }
    }
}
