/// Status and header fields of a final response (never a 1xx).
package struct CurlResponseHead: Sendable {
    package let status: Int

    /// The field lines as received, without the status line; kept raw because most readers want one or two fields.
    let block: [UInt8]

    /// All fields in the order of arrival, names spelled as the peer did, values without surrounding white space.
    package var headers: [(name: String, value: String)] {
        lines.compactMap { line in
            Self.split(line).map {
                (String(decoding: $0.name, as: UTF8.self), String(decoding: $0.value, as: UTF8.self))
            }
        }
    }

    /// The first value of the field, or nil. Names compare without regard to ASCII case.
    package func value(_ name: String) -> String? {
        for line in lines {
            guard let field = Self.split(line), ASCII.equalIgnoringCase(field.name, name.utf8) else { continue }
            return String(decoding: field.value, as: UTF8.self)
        }
        return nil
    }

    /// The announced body size, when there is a valid one.
    package var contentLength: Int? { value("content-length").flatMap(Int.init).flatMap { $0 >= 0 ? $0 : nil } }

    private var lines: [ArraySlice<UInt8>] { block.split(separator: UInt8(ascii: "\n")) }

    private static func split(_ line: ArraySlice<UInt8>) -> (name: ArraySlice<UInt8>, value: ArraySlice<UInt8>)? {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        var value = line[line.index(after: colon)...]
        while let last = value.last, isSpace(last) { value.removeLast() }
        return (line[..<colon], value.drop(while: isSpace))
    }

    static func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
    }
}
