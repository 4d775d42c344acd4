import GateCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What a string value must look like; each rule gives the value in its final form.
enum TextRule: Sendable {
    /// An address to listen on.
    case listenHost
    /// `name`, `name:port`, `[address]` or `[address]:port`.
    case hostAndPort
    /// `scheme://host[:port]`.
    case origin
    /// `https://…`, or `http://…` to this machine, without user information and query.
    case secureURL
    /// A file or directory.
    case path
    /// Visible ASCII without quotes and backslashes: what a scope, and with it a header field, can hold (RFC 6749, appendix A.4).
    case word
    /// The name of a JSON member; capitals do not count.
    case memberName
    /// `ed25519:` and 64 hexadecimal digits.
    case signingKey
    /// An address, or a range of them.
    case addressRange

    /// - Parameter base: the directory that relative paths belong to.
    func checked(_ text: String, paths: PathExpansion, base: String?) throws(ConfigMessage) -> String {
        try Self.refuseControls(text)
        switch self {
        case .path: return try paths.absolute(text, base: base)
        case .memberName:
            guard !text.isEmpty else { throw ConfigMessage("must not be empty") }
            return Self.lowercased(text)
        case .word: return try Self.word(text)
        case .listenHost: return try Self.listenHost(text)
        case .signingKey: return try Self.signingKey(text)
        case .hostAndPort: return try Self.hostAndPort(text)
        case .origin: return try Self.origin(text)
        case .secureURL: return try Self.secureURL(text)
        case .addressRange: return try Self.addressRange(text)
        }
    }

    private static func word(_ text: String) throws(ConfigMessage) -> String {
        guard (1...512).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") })
        else {
            throw ConfigMessage("must be 1 to 512 visible ASCII characters without blanks, quotes and backslashes")
        }
        return text
    }

    static func addressRange(_ text: String) throws(ConfigMessage) -> String {
        guard AddressRange(text) != nil else {
            throw ConfigMessage(
                "\(quoted(text)) is no IP address or range; write \"10.1.2.3\", \"10.0.0.0/8\", \"fd00::/8\" or, for one "
                    + "port, \"127.0.0.1:8080\"")
        }
        return text
    }

    static func refuseControls(_ text: String) throws(ConfigMessage) {
        guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw ConfigMessage("must not hold control characters")
        }
    }

    private static func listenHost(_ text: String) throws(ConfigMessage) -> String {
        guard !text.isEmpty else { throw ConfigMessage("must not be empty; the default is \"127.0.0.1\"") }
        let host = lowercased(text)
        if host == "localhost" || isIPv4(host) { return host }
        let isBracketed = host.utf8.first == UInt8(ascii: "[") && host.utf8.last == UInt8(ascii: "]")
        if let address = canonicalIPv6(isBracketed ? String(host.dropFirst().dropLast()) : host) { return address }
        throw ConfigMessage(
            "\(quoted(text)) is no address to listen on; use \"127.0.0.1\" for this machine alone, an IP address of this "
                + "machine, or \"0.0.0.0\" or \"::\" for all of its addresses")
    }

    /// The one spelling of an IPv6 address (RFC 5952); nil for anything else, and for IPv4 addresses in the guise of one.
    private static func canonicalIPv6(_ host: String) -> String? {
        var address = in6_addr()
        guard inet_pton(AF_INET6, host, &address) == 1 else { return nil }
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(AF_INET6, &address, &text, socklen_t(text.count)) != nil else { return nil }
        let canonical = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return canonical.utf8.contains(UInt8(ascii: ".")) ? nil : canonical
    }

    private static func isLoopbackIPv4(_ host: String) -> Bool { isIPv4(host) && host.utf8.starts(with: "127.".utf8) }

    /// Four decimal numbers without leading zeros: other spellings mean other things to others.
    private static func isIPv4(_ host: String) -> Bool {
        let parts = host.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return false }
        let numbers = parts.map { part -> Int? in
            guard (1...3).contains(part.count), part.allSatisfy(\.isDigit) else { return nil }
            guard part.count == 1 || part.first != UInt8(ascii: "0") else { return nil }
            return Int(String(decoding: part, as: UTF8.self)).flatMap { $0 <= 255 ? $0 : nil }
        }
        return !numbers.contains(nil)
    }

    private static func signingKey(_ text: String) throws(ConfigMessage) -> String {
        let key = lowercased(text)
        let digits = key.utf8.dropFirst("ed25519:".utf8.count)
        guard key.hasPrefix("ed25519:"), digits.count == 64,
            digits.allSatisfy({ $0.isDigit || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0) })
        else {
            throw ConfigMessage(
                "must be \"ed25519:\" and 64 hexadecimal digits, as the license authority shows its key")
        }
        return key
    }

    private static func hostAndPort(_ text: String) throws(ConfigMessage) -> String {
        guard !text.utf8.contains(UInt8(ascii: "*")) else {
            throw ConfigMessage("must name one host; patterns with '*' are not supported")
        }
        do throws(BackendURL.Problem) {
            try BackendURL.check(authority: Array(text.utf8)[...])
        } catch {
            throw ConfigMessage("\(quoted(text)) is no host name: it " + error.message)
        }
        return lowercased(text)
    }

    private static func origin(_ text: String) throws(ConfigMessage) -> String {
        let origin = lowercased(text)
        let parts = origin.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let first = parts[0].utf8.first, first.isLetter,
            parts[0].utf8.allSatisfy({ $0.isNameByte || $0 == UInt8(ascii: "+") })
        else {
            throw ConfigMessage("\(quoted(text)) is no origin; write scheme://host or scheme://host:port")
        }
        guard !parts[1].utf8.contains(UInt8(ascii: "*")) else {
            throw ConfigMessage("must name one origin; patterns with '*' are not supported")
        }
        do throws(BackendURL.Problem) {
            try BackendURL.check(authority: Array(parts[1].utf8)[...])
        } catch {
            throw ConfigMessage(
                "\(quoted(text)) is no origin (scheme://host[:port], without a path): it " + error.message)
        }
        return origin
    }

    private static func secureURL(_ text: String) throws(ConfigMessage) -> String {
        let url: BackendURL
        do throws(BackendURL.Problem) {
            url = try BackendURL(text)
        } catch {
            throw ConfigMessage(error.message)
        }
        guard !text.utf8.contains(where: { $0 == UInt8(ascii: "@") || $0 == UInt8(ascii: "?") }) else {
            throw ConfigMessage("must have neither user information ('@') nor a query ('?')")
        }
        guard url.isSecure || url.isLoopback else {
            throw ConfigMessage("must begin with https://")
        }
        return url.shown
    }

    static func lowercased(_ text: String) -> String {
        String(decoding: text.utf8.map(\.lowercased), as: UTF8.self)
    }
}
