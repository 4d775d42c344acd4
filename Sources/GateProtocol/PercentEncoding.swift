/// Text as part of a URL or a form.
package enum PercentEncoding {
    /// One part of a URL's path or query: all but unreserved characters in percent form (RFC 3986, 2.3).
    package static func encode(_ text: String) -> String { encode(text, keeping: "-._~") }

    /// A name or value of a form (application/x-www-form-urlencoded).
    package static func encodeForm(_ text: String) -> String {
        String(decoding: encode(text, keeping: "-._* ").utf8.map { $0 == 0x20 ? UInt8(ascii: "+") : $0 }, as: UTF8.self)
    }

    /// - Parameter keeping: what stays as it is beside letters and digits.
    package static func encode(_ text: String, keeping kept: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var out: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                out.append(byte)
            case _ where kept.utf8.contains(byte): out.append(byte)
            default: out += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
