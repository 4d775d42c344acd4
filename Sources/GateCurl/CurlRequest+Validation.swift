extension CurlRequest {
    /// Refuses bytes that could end a line, or a field that decides framing, before libcurl sees them. libcurl sends
    /// header lines and methods as they are.
    func checkFields() throws(CurlError) {
        guard Self.isToken(method) else {
            throw CurlError(.invalidRequest, "The method is not an HTTP token.", sent: false)
        }
        for header in headers {
            guard Self.isToken(header.name) else {
                throw CurlError(.invalidRequest, "A header name is not an HTTP token.", sent: false)
            }
            guard Self.isFieldValue(header.value) else {
                throw CurlError(
                    .invalidRequest,
                    "The value of the header \(header.name) has a byte that is not printable ASCII.", sent: false)
            }
            guard !Self.isReserved(header.name) else {
                throw CurlError(
                    .invalidRequest, "The header \(header.name) is set by the HTTP layer; leave it out.", sent: false)
            }
        }
        if let path = unixSocketPath, path.isEmpty || path.utf8.contains(0) {
            throw CurlError(.invalidRequest, "The path of the Unix socket is not usable.", sent: false)
        }
        if tls.paths.contains(where: { $0.isEmpty || $0.utf8.contains(0) }) {
            throw CurlError(.invalidRequest, "The path of a certificate or key file is not usable.", sent: false)
        }
    }

    /// RFC 9110, 5.6.2.
    static func isToken(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy(isTokenByte)
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"),
            UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
            true
        default: false
        }
    }

    /// RFC 9110, 5.5, without obs-text: bytes above 0x7F are read differently by different servers.
    static func isFieldValue(_ text: String) -> Bool {
        text.utf8.allSatisfy { (0x20...0x7E).contains($0) || $0 == 0x09 }
    }

    private static let reserved = [
        "content-length", "transfer-encoding", "connection", "expect", "keep-alive", "proxy-connection", "te",
        "trailer",
        "upgrade",
    ]

    private static func isReserved(_ name: String) -> Bool {
        reserved.contains { ASCII.equalIgnoringCase($0.utf8, name.utf8) }
    }
}
