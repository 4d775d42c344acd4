#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// IP addresses that begin with the same bits, on any port or on one: `10.0.0.0/8`, `::1`, `127.0.0.1:3391`, `[::1]:3391`.
package struct AddressRange: Sendable, Hashable, CustomStringConvertible {
    package let description: String
    private let octets: [UInt8]
    private let prefix: Int
    private let port: UInt16?

    /// - Returns: nil for a text that is none. Only the strict spelling of an address counts: four decimal numbers, or RFC 4291.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        var rest = bytes[...]
        let address: ArraySlice<UInt8>
        if rest.first == UInt8(ascii: "[") {
            guard let close = rest.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            address = rest[1..<close]
            rest = rest[(close + 1)...]
            guard address.contains(UInt8(ascii: ":")) else { return nil }
        } else {
            let colons = rest.count { $0 == UInt8(ascii: ":") }
            let end = rest.firstIndex { $0 == UInt8(ascii: "/") || (colons == 1 && $0 == UInt8(ascii: ":")) }
            address = rest[..<(end ?? rest.endIndex)]
            rest = rest[(end ?? rest.endIndex)...]
        }
        guard let octets = AddressRange.octets(String(decoding: address, as: UTF8.self)) else { return nil }
        var prefix = octets.count * 8
        if rest.first == UInt8(ascii: "/") {
            let digits = rest.dropFirst().prefix { $0 != UInt8(ascii: ":") }
            guard let number = AddressRange.number(digits, upTo: prefix) else { return nil }
            prefix = number
            rest = rest[digits.endIndex...]
        }
        var port: UInt16?
        if rest.first == UInt8(ascii: ":") {
            guard let number = AddressRange.number(rest.dropFirst(), upTo: 65_535), number > 0 else { return nil }
            port = UInt16(number)
            rest = []
        }
        guard rest.isEmpty else { return nil }
        description = text
        self.octets = octets
        self.prefix = prefix
        self.port = port
    }

    /// Whether it is one address and not many.
    package var isOneAddress: Bool { prefix == octets.count * 8 }

    /// - Parameter octets: four or sixteen, in network order.
    package func contains(_ other: [UInt8], port: UInt16) -> Bool {
        guard other.count == octets.count, self.port == nil || self.port == port else { return false }
        let whole = prefix / 8
        guard other.prefix(whole).elementsEqual(octets.prefix(whole)) else { return false }
        guard prefix % 8 > 0, whole < octets.count else { return true }
        let mask = UInt8(truncatingIfNeeded: 0xFF00 >> (prefix % 8))
        return (other[whole] ^ octets[whole]) & mask == 0
    }

    /// The octets of an address in its strict spelling; nil for anything else, such as `0x7f.1`.
    package static func octets(_ text: String) -> [UInt8]? {
        var four = in_addr()
        if inet_pton(AF_INET, text, &four) == 1 { return withUnsafeBytes(of: four, Array.init) }
        var six = in6_addr()
        return inet_pton(AF_INET6, text, &six) == 1 ? withUnsafeBytes(of: six, Array.init) : nil
    }

    private static func number(_ digits: ArraySlice<UInt8>, upTo limit: Int) -> Int? {
        guard (1...5).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int(String(decoding: digits, as: UTF8.self)), number <= limit
        else { return nil }
        return number
    }
}
