/// RFC 8259 a second time, written for clarity and by other means: texts of scalars instead of bytes, recursion instead of a
/// stack of bits. What it and the scanner disagree about is a fault in one of them.
struct Oracle {
    private let text: [Unicode.Scalar]
    private var index = 0

    private init(_ text: [Unicode.Scalar]) { self.text = text }

    static func accepts(_ bytes: [UInt8]) -> Bool {
        guard let string = String(validating: bytes, as: UTF8.self) else { return false }
        var oracle = Oracle(Array(string.unicodeScalars))
        oracle.space()
        guard oracle.value() else { return false }
        oracle.space()
        return oracle.index == oracle.text.count
    }

    private var next: Unicode.Scalar? { index < text.count ? text[index] : nil }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard next == scalar else { return false }
        index += 1
        return true
    }

    private mutating func take(word: String) -> Bool { word.unicodeScalars.allSatisfy { take($0) } }

    private mutating func space() { while take(" ") || take("\t") || take("\n") || take("\r") {} }

    private mutating func digits() -> Bool {
        let start = index
        while let scalar = next, ("0"..."9").contains(scalar) { index += 1 }
        return index > start
    }

    private mutating func value() -> Bool {
        switch next {
        case "{": return list("{", "}") { $0.string() && $0.colon() && $0.value() }
        case "[": return list("[", "]") { $0.value() }
        case "\"": return string()
        case "t": return take(word: "true")
        case "f": return take(word: "false")
        case "n": return take(word: "null")
        default: return number()
        }
    }

    private mutating func colon() -> Bool {
        space()
        defer { space() }
        return take(":")
    }

    private mutating func list(
        _ open: Unicode.Scalar, _ close: Unicode.Scalar, _ element: (inout Oracle) -> Bool
    ) -> Bool {
        guard take(open) else { return false }
        space()
        if take(close) { return true }
        repeat {
            space()
            guard element(&self) else { return false }
            space()
        } while take(",")
        return take(close)
    }

    private mutating func number() -> Bool {
        _ = take("-")
        guard take("0") || digits() else { return false }
        if take("."), !digits() { return false }
        if take("e") || take("E") {
            _ = take("+") || take("-")
            return digits()
        }
        return true
    }

    private mutating func string() -> Bool {
        guard take("\"") else { return false }
        while let scalar = next {
            index += 1
            switch scalar {
            case "\"": return true
            case "\\":
                guard let kind = next else { return false }
                index += 1
                if kind == "u" {
                    for _ in 0..<4 {
                        guard let digit = next, digit.isASCII, digit.properties.isHexDigit else { return false }
                        index += 1
                    }
                } else if !"\"\\/bfnrt".unicodeScalars.contains(kind) {
                    return false
                }
            default: if scalar.value < 0x20 { return false }
            }
        }
        return false
    }
}
