import GateCore

/// The checked address of an HTTP backend: absolute, `http` or `https`, printable ASCII, without a fragment.
///
/// User information and query often hold credentials, so printing shows the address without both.
package struct BackendURL: Sendable, Hashable {
    /// The address as configured, with user information and query.
    package let exposed: String
    /// Scheme, host, port and path: what may be shown.
    package let shown: String
    package let isSecure: Bool
    /// Whether `exposed` has a part that is not shown.
    package let hasCredentials: Bool
    /// Lower-case, without port and brackets.
    package let host: String
    /// As written; nil for the scheme's own.
    package let port: Int?

    /// Why a text is no usable address.
    package struct Problem: Error, Equatable {
        package let message: String
    }

    package init(_ text: String) throws(Problem) {
        let bytes = Array(text.utf8)
        guard bytes.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\\") && $0 != UInt8(ascii: "\"") })
        else {
            throw Problem(
                message: "must be printable ASCII without spaces, quotes and backslashes; percent-encode others")
        }
        let parts = try Self.split(bytes[...])
        exposed = text
        isSecure = parts.isSecure
        hasCredentials = parts.hasCredentials
        host = String(decoding: parts.host.map(\.lowercased), as: UTF8.self)
        port = parts.hostAndPort.suffix(from: parts.host.endIndex).split(separator: UInt8(ascii: ":")).last.flatMap {
            Int(String(decoding: $0, as: UTF8.self))
        }
        shown =
            (parts.isSecure ? "https://" : "http://") + String(decoding: parts.hostAndPort, as: UTF8.self)
            + String(decoding: parts.path, as: UTF8.self)
    }

    private struct Parts {
        var isSecure: Bool
        var hasCredentials: Bool
        var host: ArraySlice<UInt8>
        var hostAndPort: ArraySlice<UInt8>
        var path: ArraySlice<UInt8>
    }

    private static func split(_ bytes: ArraySlice<UInt8>) throws(Problem) -> Parts {
        let isSecure: Bool
        var rest: ArraySlice<UInt8>
        if let tail = bytes.dropping(prefix: "https://") {
            (isSecure, rest) = (true, tail)
        } else if let tail = bytes.dropping(prefix: "http://") {
            (isSecure, rest) = (false, tail)
        } else {
            throw Problem(message: "must begin with http:// or https://")
        }
        if rest.contains(UInt8(ascii: "#")) {
            throw Problem(message: "must not have a fragment ('#')")
        }
        let authorityEnd =
            rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
        let authorityStart = rest.startIndex
        var authority = rest[..<authorityEnd]
        rest = rest[authorityEnd...]
        if let at = authority.lastIndex(of: UInt8(ascii: "@")) {
            authority = authority[(at + 1)...]
        }
        let host = try check(authority: authority)
        let pathEnd = rest.firstIndex(of: UInt8(ascii: "?")) ?? rest.endIndex
        return Parts(
            isSecure: isSecure, hasCredentials: authority.startIndex != authorityStart || pathEnd != rest.endIndex,
            host: host, hostAndPort: authority, path: rest[..<pathEnd])
    }

    /// `host[:port]`; gives the host without brackets.
    @discardableResult
    static func check(authority: ArraySlice<UInt8>) throws(Problem) -> ArraySlice<UInt8> {
        var host = authority
        var port: ArraySlice<UInt8>?
        if authority.first == UInt8(ascii: "[") {
            guard let close = authority.firstIndex(of: UInt8(ascii: "]")) else {
                throw Problem(message: "has an IPv6 address without ']'")
            }
            host = authority[(authority.startIndex + 1)..<close]
            let after = authority[(close + 1)...]
            guard after.isEmpty || after.first == UInt8(ascii: ":") else {
                throw Problem(message: "has text after ']'")
            }
            port = after.isEmpty ? nil : after.dropFirst()
            guard host.contains(UInt8(ascii: ":")), AddressRange.octets(String(decoding: host, as: UTF8.self)) != nil
            else { throw Problem(message: "has a bad IPv6 address") }
        } else {
            if let colon = authority.firstIndex(of: UInt8(ascii: ":")) {
                host = authority[..<colon]
                port = authority[(colon + 1)...]
            }
            guard !host.isEmpty else { throw Problem(message: "has no host") }
            guard host.allSatisfy({ $0.isNameByte }) else { throw Problem(message: "has a bad host name") }
            // `0x7f.1`, `2130706433` and `017700000001` are this machine to some readers and names to others.
            if isNumber(host.split(separator: UInt8(ascii: ".")).last ?? []),
                AddressRange.octets(String(decoding: host, as: UTF8.self)) == nil
            {
                throw Problem(
                    message: "has a host that ends in a number and is no IPv4 address in four decimal numbers")
            }
        }
        if let port {
            guard port.count <= 5, port.allSatisfy({ (0x30...0x39).contains($0) }),
                let number = Int(String(decoding: port, as: UTF8.self)), (1...65_535).contains(number)
            else { throw Problem(message: "has a bad port (1 to 65535)") }
        }
        return host
    }
}

extension BackendURL {
    /// Whether it names this machine. Where a name leads is another question, for the connection.
    package var isLoopback: Bool {
        guard let octets = AddressRange.octets(host) else { return host.utf8.elementsEqual("localhost".utf8) }
        return octets.count == 4 ? octets[0] == 127 : octets.dropLast().allSatisfy { $0 == 0 } && octets.last == 1
    }

    /// A host whose last part is a number is an address to whoever reads it as one: digits, or `0x` and hexadecimal ones.
    private static func isNumber(_ label: ArraySlice<UInt8>) -> Bool {
        if label.allSatisfy(\.isDigit) { return true }
        return label.first == UInt8(ascii: "0") && label.dropFirst().first?.lowercased == UInt8(ascii: "x")
            && label.dropFirst(2).allSatisfy(\.isHexDigit)
    }
}

extension BackendURL: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { shown }
    package var debugDescription: String { shown }
    package var customMirror: Mirror { Mirror(reflecting: shown) }
}
