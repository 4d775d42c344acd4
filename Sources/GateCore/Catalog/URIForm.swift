/// URIs as clients rewrite them on the way. Libraries normalise the URIs that they were given (a lower-case host, a slash behind it,
/// percent encoding), so a URI that comes back may differ in bytes from the one that was listed.
package enum URIForm {
    /// Longer ones are compared as bytes only.
    package static let maxLength = 8 * 1024

    /// Whether the text begins with a scheme (RFC 3986, section 3.1): without one many clients refuse the whole list.
    package static func hasScheme(_ uri: String) -> Bool { scheme(Array(uri.utf8)) != nil }

    /// The form in which URIs are compared that stand for the same. Not a URI to use: a server knows its own bytes only.
    package static func normalized(_ uri: String) -> String {
        let bytes = Array(uri.utf8)
        guard bytes.count <= maxLength, let colon = scheme(bytes) else { return uri }
        let scheme = bytes[..<colon].map(\.lowercasedASCII)
        var out = scheme
        out.append(UInt8(ascii: ":"))
        var rest = bytes[(colon + 1)...]
        // Opaque ones have no host and no segments.
        guard rest.starts(with: "//".utf8) else { return text(out + percent(rest)) }
        rest = rest.dropFirst(2)
        let end = rest.firstIndex { $0 == slash || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") } ?? rest.endIndex
        out += "//".utf8
        out += authority(rest[..<end], scheme: scheme)
        let tail = rest[end...]
        let pathEnd = tail.firstIndex { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") } ?? tail.endIndex
        out += segments(percent(tail[..<pathEnd]))
        out += percent(tail[pathEnd...])
        return text(out)
    }

    private static let slash = UInt8(ascii: "/")
    private static let ports: KeyValuePairs<StaticString, StaticString> = [
        "http": ":80", "https": ":443", "ws": ":80", "wss": ":443", "ftp": ":21",
    ]

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    /// - Returns: where the colon behind the scheme is.
    private static func scheme(_ bytes: [UInt8]) -> Int? {
        guard let colon = bytes.prefix(64).firstIndex(of: UInt8(ascii: ":")), let first = bytes.first,
            first.lowercasedASCII &- 0x61 < 26,
            bytes[..<colon].allSatisfy({
                $0.lowercasedASCII &- 0x61 < 26 || $0 &- 0x30 < 10 || $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-")
                    || $0 == UInt8(ascii: ".")
            })
        else { return nil }
        return colon
    }

    private static func authority(_ bytes: ArraySlice<UInt8>, scheme: [UInt8]) -> [UInt8] {
        let at = bytes.lastIndex(of: UInt8(ascii: "@")).map { $0 + 1 } ?? bytes.startIndex
        var host = percent(bytes[at...]).map(\.lowercasedASCII)
        for (name, port) in ports
        where scheme.elementsEqual(name.bytes) && host.suffix(port.bytes.count).elementsEqual(port.bytes) {
            host.removeLast(port.bytes.count)
            break
        }
        if host.last == UInt8(ascii: ":") { host.removeLast() }
        return Array(bytes[..<at]) + host
    }

    /// The path without `.` and `..`, and never empty.
    private static func segments(_ path: [UInt8]) -> [UInt8] {
        guard path.contains(UInt8(ascii: ".")) else { return path.isEmpty ? [slash] : path }
        var kept: [ArraySlice<UInt8>] = []
        let all = path.split(separator: slash, omittingEmptySubsequences: false)
        for (index, segment) in all.enumerated() {
            let isLast = index == all.count - 1
            if segment.elementsEqual(".".utf8) {
                if isLast { kept.append([]) }
            } else if segment.elementsEqual("..".utf8) {
                if kept.count > 1 { kept.removeLast() }
                if isLast { kept.append([]) }
            } else {
                kept.append(segment)
            }
        }
        let joined = Array(kept.joined(separator: [slash]))
        return joined.isEmpty ? [slash] : joined
    }

    /// What need not be encoded is not, and what need be is, in capitals.
    private static func percent(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let byte = bytes[index]
            if byte == UInt8(ascii: "%"), index + 2 < bytes.endIndex, let high = bytes[index + 1].hexDigit,
                let low = bytes[index + 2].hexDigit
            {
                let value = high << 4 | low
                if value.isUnreserved { out.append(value) } else { out.appendPercent(value) }
                index += 3
                continue
            }
            if byte <= 0x20 || byte >= 0x7F || "\"<>\\^`{|}".utf8.contains(byte) {
                out.appendPercent(byte)
            } else {
                out.append(byte)
            }
            index += 1
        }
        return out
    }
}

extension StaticString {
    fileprivate var bytes: UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: utf8Start, count: utf8CodeUnitCount)
    }
}

extension [UInt8] {
    fileprivate mutating func appendPercent(_ byte: UInt8) {
        append(UInt8(ascii: "%"))
        for digit in [byte >> 4, byte & 15] { append(digit < 10 ? 0x30 &+ digit : 0x37 &+ digit) }
    }
}

extension UInt8 {
    fileprivate var lowercasedASCII: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }

    fileprivate var hexDigit: UInt8? {
        if self &- 0x30 < 10 { return self &- 0x30 }
        let letter = lowercasedASCII
        return letter &- 0x61 < 6 ? letter &- 0x61 &+ 10 : nil
    }

    fileprivate var isUnreserved: Bool {
        self &- 0x30 < 10 || lowercasedASCII &- 0x61 < 26 || self == UInt8(ascii: "-") || self == UInt8(ascii: ".")
            || self == UInt8(ascii: "_") || self == UInt8(ascii: "~")
    }
}
