/// What a string value must look like; each rule gives the value in its final form.
enum TextRule: Sendable {
    /// An address or name of this machine only.
    case loopbackHost
    /// `name`, `name:port`, `[address]` or `[address]:port`.
    case hostAndPort
    /// `scheme://host[:port]`.
    case origin
    /// `https://…`, or `http://…` to this machine, without user information and query.
    case secureURL
    /// A file or directory.
    case path
    /// The name of a JSON member; capitals do not count.
    case memberName

    /// - Parameter base: the directory that relative paths belong to.
    func checked(_ text: String, paths: PathExpansion, base: String?) throws(ConfigMessage) -> String {
        try Self.refuseControls(text)
        switch self {
        case .path: return try paths.absolute(text, base: base)
        case .memberName:
            guard !text.isEmpty else { throw ConfigMessage("must not be empty") }
            return Self.lowercased(text)
        case .loopbackHost: return try Self.loopbackHost(text)
        case .hostAndPort: return try Self.hostAndPort(text)
        case .origin: return try Self.origin(text)
        case .secureURL: return try Self.secureURL(text)
        }
    }

    static func refuseControls(_ text: String) throws(ConfigMessage) {
        guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw ConfigMessage("must not hold control characters")
        }
    }

    private static func loopbackHost(_ text: String) throws(ConfigMessage) -> String {
        guard !text.isEmpty else { throw ConfigMessage("must not be empty; the default is \"127.0.0.1\"") }
        let host = lowercased(text)
        if host == "localhost" || host == "::1" || isLoopbackIPv4(host) { return host }
        if host == "[::1]" { return "::1" }
        throw ConfigMessage(
            "\(quoted(text)) is not a loopback address: listening on it needs authentication, which is not configured; "
                + "use \"127.0.0.1\", \"::1\" or \"localhost\"")
    }

    /// Four decimal numbers without leading zeros, the first of them 127: other spellings mean other things to others.
    private static func isLoopbackIPv4(_ host: String) -> Bool {
        let parts = host.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return false }
        let numbers = parts.map { part -> Int? in
            guard (1...3).contains(part.count), part.allSatisfy(\.isDigit) else { return nil }
            guard part.count == 1 || part.first != UInt8(ascii: "0") else { return nil }
            return Int(String(decoding: part, as: UTF8.self)).flatMap { $0 <= 255 ? $0 : nil }
        }
        return numbers[0] == 127 && !numbers.contains(nil)
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
        guard url.isSecure || isLoopbackIPv4(url.host) || url.host == "localhost" || url.host == "::1" else {
            throw ConfigMessage("must begin with https://")
        }
        return url.shown
    }

    static func lowercased(_ text: String) -> String {
        String(decoding: text.utf8.map(\.lowercased), as: UTF8.self)
    }
}
