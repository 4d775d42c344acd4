import GateCurl

/// The address for messages that a 2024-11-05 server names in its `endpoint` event.
enum EndpointURL {
    enum Fault: Error, Equatable {
        case unusable
        case otherOrigin
    }

    /// Resolves a reference as RFC 3986 has it. Scheme, host and port must be those of the stream: the messages carry the
    /// operator's credentials.
    static func resolve(_ reference: String, against base: CurlURL) throws(Fault) -> String {
        let origin = "\(base.scheme)://\(base.host):\(base.port)"
        let text: String
        if reference.utf8.starts(with: "//".utf8) {
            text = "\(base.scheme):\(reference)"
        } else if reference.utf8.first == UInt8(ascii: "/") {
            text = origin + reference
        } else if reference.utf8.first == UInt8(ascii: "?") {
            text = origin + base.path + reference
        } else if hasScheme(reference) {
            text = reference
        } else {
            let directory = base.path.utf8.lastIndex(of: UInt8(ascii: "/")).map { base.path[...$0] } ?? "/"
            text = origin + directory + reference
        }
        guard !reference.isEmpty, let url = try? CurlURL(text) else { throw .unusable }
        guard url.scheme == base.scheme, url.port == base.port,
            url.host.lowercased().utf8.elementsEqual(base.host.lowercased().utf8)
        else { throw .otherOrigin }
        return url.text
    }

    /// RFC 3986, 3.1: letters, digits, `+`, `-`, `.` up to a colon.
    private static func hasScheme(_ reference: String) -> Bool {
        let name = reference.utf8.prefix { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        return !name.isEmpty && reference.utf8[name.endIndex...].first == UInt8(ascii: ":")
    }
}
