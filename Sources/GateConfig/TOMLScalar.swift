/// The grammar of TOML's unquoted values: booleans, numbers, dates and times.
///
/// The parser asserts on some malformed ones, so it is only given those that are well formed. Whether a number fits and
/// a date exists is left to it.
struct TOMLScalar {
    private let bytes: [UInt8]
    private var index = 0

    static func isWellFormed(_ token: ArraySlice<UInt8>) -> Bool {
        let text = Array(token)
        if ["true", "false"].contains(where: { text.elementsEqual($0.utf8) }) { return true }
        var time = TOMLScalar(bytes: text)
        if time.dateOrTime(), time.isAtEnd { return true }
        var number = TOMLScalar(bytes: text)
        return number.number() && number.isAtEnd
    }

    /// Whether the bytes are a date, after which a space and a time may follow.
    static func isDate(_ token: ArraySlice<UInt8>) -> Bool {
        var scalar = TOMLScalar(bytes: Array(token))
        return scalar.date() && scalar.isAtEnd
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    // MARK: Numbers

    private mutating func number() -> Bool {
        for (prefix, digits) in Self.radixes where take(prefix) {
            return run(of: digits)
        }
        if !take("+") { _ = take("-") }
        if take("inf") || take("nan") { return true }
        guard take("0") || run(of: Self.decimal) else { return false }
        if take("."), !run(of: Self.decimal) { return false }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            return run(of: Self.decimal)
        }
        return true
    }

    private static let decimal = "0123456789"
    private static let radixes = [("0x", "0123456789abcdefABCDEF"), ("0o", "01234567"), ("0b", "01")]

    /// Digits with single underscores between them.
    private mutating func run(of digits: String) -> Bool {
        guard takeOne(of: digits) else { return false }
        while true {
            let start = index
            let isSeparated = take("_")
            guard takeOne(of: digits) else {
                index = start
                return !isSeparated
            }
        }
    }

    // MARK: Dates and times

    private mutating func dateOrTime() -> Bool {
        guard date() else {
            index = 0
            return time()
        }
        guard !isAtEnd else { return true }
        guard take("T") || take("t") || take(" "), time() else { return false }
        guard !isAtEnd, !take("Z"), !take("z") else { return true }
        return (take("+") || take("-")) && digits(2) && take(":") && digits(2)
    }

    private mutating func date() -> Bool {
        digits(4) && take("-") && digits(2) && take("-") && digits(2)
    }

    private mutating func time() -> Bool {
        guard digits(2), take(":"), digits(2), take(":"), digits(2) else { return false }
        guard take(".") else { return true }
        guard takeOne(of: Self.decimal) else { return false }
        while takeOne(of: Self.decimal) {}
        return true
    }

    private mutating func digits(_ count: Int) -> Bool {
        (0..<count).allSatisfy { _ in takeOne(of: Self.decimal) }
    }

    // MARK: Bytes

    private var isAtEnd: Bool { index == bytes.count }

    private mutating func take(_ text: String) -> Bool {
        guard bytes[index...].starts(with: text.utf8) else { return false }
        index += text.utf8.count
        return true
    }

    private mutating func takeOne(of set: String) -> Bool {
        guard index < bytes.count, set.utf8.contains(bytes[index]) else { return false }
        index += 1
        return true
    }
}
