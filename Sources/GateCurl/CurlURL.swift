import CCurl

/// A URL as libcurl itself reads it, so that what is checked is what is fetched.
package struct CurlURL: Sendable, Hashable, CustomStringConvertible {
    /// `http` or `https`.
    package let scheme: String

    /// Lower- or upper-case as given; numeric IPv4 forms such as `0x7f.1` are written out as `127.0.0.1`, IPv6 addresses
    /// keep their brackets.
    package let host: String

    /// The given port or the scheme's own.
    package let port: UInt16

    package let path: String

    /// Without the question mark; nil when there is none.
    package let query: String?

    /// The whole URL in libcurl's spelling.
    package let text: String

    package var description: String { text }

    /// - Throws: `invalidRequest` for anything but an absolute `http`/`https` URL in printable ASCII without user
    ///   information.
    package init(_ url: String) throws(CurlError) {
        guard !url.isEmpty, url.utf8.count <= 8192, url.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw Self.invalid("it is empty, longer than 8192 bytes, or has a byte that must be percent-encoded")
        }
        // libcurl forgives missing and surplus slashes; other readers of the same text may not.
        let lower = url.prefix(9).lowercased()
        guard let start = ["http://", "https://"].first(where: lower.hasPrefix),
            url.utf8.dropFirst(start.utf8.count).first != UInt8(ascii: "/")
        else {
            throw Self.invalid("it must begin with http:// or https:// and a host")
        }
        guard let parser = curl_url() else { throw CurlError(.resource, "Out of memory.", sent: false) }
        defer { curl_url_cleanup(parser) }
        let code = curl_url_set(parser, CURLUPART_URL, url, 0)
        guard code == CURLUE_OK else { throw Self.invalid(String(cString: curl_url_strerror(code))) }
        guard Self.part(CURLUPART_USER, of: parser) == nil, Self.part(CURLUPART_PASSWORD, of: parser) == nil,
            Self.part(CURLUPART_OPTIONS, of: parser) == nil
        else { throw Self.invalid("a user name or password is not allowed in a URL; send a header instead") }
        guard let scheme = Self.part(CURLUPART_SCHEME, of: parser), scheme == "http" || scheme == "https" else {
            throw Self.invalid("the scheme must be http or https")
        }
        guard let host = Self.part(CURLUPART_HOST, of: parser), !host.isEmpty,
            let port = Self.part(CURLUPART_PORT, of: parser, flags: UInt32(CURLU_DEFAULT_PORT)).flatMap(UInt16.init),
            let path = Self.part(CURLUPART_PATH, of: parser), let text = Self.part(CURLUPART_URL, of: parser)
        else { throw Self.invalid("host, port or path is missing") }
        self.scheme = scheme
        self.host = host
        self.port = port
        self.path = path
        self.query = Self.part(CURLUPART_QUERY, of: parser)
        self.text = text
    }

    private static func part(_ part: CURLUPart, of parser: OpaquePointer, flags: UInt32 = 0) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard curl_url_get(parser, part, &text, flags) == CURLUE_OK, let text else { return nil }
        defer { curl_free(text) }
        return String(cString: text)
    }

    private static func invalid(_ reason: String) -> CurlError {
        CurlError(.invalidRequest, "The URL is not usable: \(reason).", sent: false)
    }
}
