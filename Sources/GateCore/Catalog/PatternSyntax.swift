/// Whether a regular expression is accepted by the engines that clients use, ECMAScript's and Python's. A linear check
/// of the syntax; nothing is compiled. When in doubt the answer is no: only a hint for the model is lost.
struct PatternSyntax {
    /// Longest pattern that is let through, in bytes.
    static let maxLength = 1_024

    static func isPortable(_ pattern: String) -> Bool {
        guard pattern.utf8.count <= maxLength else { return false }
        var check = PatternSyntax(bytes: Array(pattern.utf8))
        return check.run()
    }

    private let bytes: [UInt8]
    private var at = 0
    private var closedGroups = 0
    /// Capturing or not, for each open group.
    private var captures: [Bool] = []

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    private var next: UInt8? { at < bytes.count ? bytes[at] : nil }

    private mutating func take(_ text: StaticString) -> Bool {
        let wanted = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        guard bytes[at...].starts(with: wanted) else { return false }
        at += wanted.count
        return true
    }

    private mutating func run() -> Bool {
        /// Whether a quantifier may follow.
        var isRepeatable = false
        while let byte = next {
            at += 1
            switch byte {
            case UInt8(ascii: "("):
                guard open() else { return false }
                isRepeatable = false
            case UInt8(ascii: ")"):
                guard let capturing = captures.popLast() else { return false }
                if capturing { closedGroups += 1 }
                isRepeatable = true
            case UInt8(ascii: "["):
                guard characterClass() else { return false }
                isRepeatable = true
            case UInt8(ascii: "\\"):
                guard let escape = escape(inClass: false) else { return false }
                isRepeatable = escape != .boundary
            case UInt8(ascii: "|"), UInt8(ascii: "^"), UInt8(ascii: "$"):
                isRepeatable = false
            case UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "?"), UInt8(ascii: "{"):
                guard isRepeatable, byte != UInt8(ascii: "{") || counts() else { return false }
                _ = take("?")
                isRepeatable = false
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                // Literal in some engines, an error in others.
                return false
            default:
                isRepeatable = true
            }
        }
        return captures.isEmpty
    }

    private mutating func open() -> Bool {
        guard next == UInt8(ascii: "?") else {
            captures.append(true)
            return captures.count <= 64
        }
        guard take("?:") || take("?=") || take("?!") else { return false }
        captures.append(false)
        return captures.count <= 64
    }

    /// The rest of `{n}`, `{n,}` or `{n,m}`.
    private mutating func counts() -> Bool {
        guard let low = number() else { return false }
        if take("}") { return true }
        guard take(",") else { return false }
        if take("}") { return true }
        guard let high = number() else { return false }
        return low <= high && take("}")
    }

    private mutating func number() -> Int? {
        let start = at
        var value = 0
        while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte), at - start < 5 {
            value = value * 10 + Int(byte - UInt8(ascii: "0"))
            at += 1
        }
        return at > start ? value : nil
    }

    private enum Escape { case character, set, boundary }

    private mutating func escape(inClass: Bool) -> Escape? {
        guard let byte = next else { return nil }
        at += 1
        switch byte {
        case UInt8(ascii: "d"), UInt8(ascii: "D"), UInt8(ascii: "w"), UInt8(ascii: "W"), UInt8(ascii: "s"),
            UInt8(ascii: "S"):
            return .set
        case UInt8(ascii: "b"), UInt8(ascii: "B"):
            return inClass ? nil : .boundary
        case UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "v"):
            return .character
        case UInt8(ascii: "x"): return hex(2) ? .character : nil
        case UInt8(ascii: "u"): return hex(4) ? .character : nil
        case UInt8(ascii: "1")...UInt8(ascii: "9"):
            let isSingle = next.map { !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ?? true
            return !inClass && isSingle && Int(byte - UInt8(ascii: "0")) <= closedGroups ? .character : nil
        case UInt8(ascii: "0"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"):
            return nil
        default:
            return byte < 0x80 ? .character : nil
        }
    }

    private mutating func hex(_ count: Int) -> Bool {
        for _ in 0..<count {
            guard let byte = next, isHex(byte) else { return false }
            at += 1
        }
        return true
    }

    private func isHex(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }

    /// The rest of `[…]`.
    private mutating func characterClass() -> Bool {
        _ = take("^")
        guard next != UInt8(ascii: "]") else { return false }
        /// The plain character that a range may begin with.
        var from: UInt8?
        var isAfterSet = false
        while let byte = next {
            at += 1
            switch byte {
            case UInt8(ascii: "]"):
                return true
            case UInt8(ascii: "["):
                // A nested class in some engines.
                return false
            case UInt8(ascii: "\\"):
                guard let escape = escape(inClass: true) else { return false }
                isAfterSet = escape == .set
                from = nil
            case UInt8(ascii: "-") where from != nil && next != UInt8(ascii: "]"):
                guard let low = from, let high = next, high != UInt8(ascii: "[") else { return false }
                if high == UInt8(ascii: "\\") {
                    at += 1
                    guard escape(inClass: true) == .character else { return false }
                } else {
                    guard high >= low || high >= 0x80 else { return false }
                    at += 1
                }
                from = nil
            case UInt8(ascii: "-") where isAfterSet && next != UInt8(ascii: "]"):
                return false
            default:
                from = byte
                isAfterSet = false
            }
        }
        return false
    }
}
