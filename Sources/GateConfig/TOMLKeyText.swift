/// Quoted keys, decoded as far as finding a key again needs it.
enum TOMLKeyText {
    /// - Parameter token: the key with its quotes; the parser has the last word on whether it is well formed.
    static func decoded(_ token: ArraySlice<UInt8>) -> String {
        guard token.count >= 2, let quote = token.first else { return "" }
        let inner = token.dropFirst().dropLast()
        guard quote == UInt8(ascii: "\"") else { return String(decoding: inner, as: UTF8.self) }
        var result = String.UnicodeScalarView()
        var scalars = String(decoding: inner, as: UTF8.self).unicodeScalars[...]
        while let scalar = scalars.popFirst() {
            guard scalar == "\\", let escape = scalars.popFirst() else {
                result.append(scalar)
                continue
            }
            switch escape {
            case "b": result.append("\u{8}")
            case "t": result.append("\t")
            case "n": result.append("\n")
            case "f": result.append("\u{C}")
            case "r": result.append("\r")
            case "u", "U":
                let digits = String(String.UnicodeScalarView(scalars.prefix(escape == "u" ? 4 : 8)))
                scalars = scalars.dropFirst(digits.unicodeScalars.count)
                result.append(UInt32(digits, radix: 16).flatMap(Unicode.Scalar.init) ?? "\u{FFFD}")
            default: result.append(escape)
            }
        }
        return String(result)
    }
}
