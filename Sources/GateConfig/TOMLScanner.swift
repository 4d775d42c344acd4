/// The scan behind `TOMLOutline`: checks keys, strings and brackets, and leaves the values to the parser.
struct TOMLScanner {
    private let bytes: [UInt8]
    private var index = 0
    private var line = 1
    private var column = 1
    /// The table that the last header opened.
    private var table = ConfigPath()
    /// Number of elements of each array of tables.
    private var tableArrays: [ConfigPath: Int] = [:]
    private(set) var positions: [ConfigPath: TOMLOutline.Position] = [:]

    init(bytes: [UInt8]) {
        self.bytes = bytes
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { index = 3 }
    }

    mutating func scan() throws(TOMLOutline.Refusal) {
        while true {
            skipBlanks(newlines: true)
            guard let byte = peek() else { return }
            if byte == UInt8(ascii: "[") {
                try header()
            } else {
                try pair(in: table)
            }
            skipBlanks(newlines: false)
            guard peek() == nil || peek() == UInt8(ascii: "\n") || isCRLF() else {
                throw syntax("expected the end of the line")
            }
        }
    }

    // MARK: Structure

    private mutating func header() throws(TOMLOutline.Refusal) {
        let start = position
        advance()
        let isArray = peek() == UInt8(ascii: "[")
        if isArray { advance() }
        let keys = try dottedKey()
        for _ in 0..<(isArray ? 2 : 1) {
            guard peek() == UInt8(ascii: "]") else { throw syntax("expected ']'") }
            advance()
        }
        var path = ConfigPath()
        for (offset, key) in keys.enumerated() {
            path = path.appending(key)
            if isArray, offset == keys.count - 1 {
                tableArrays[path, default: 0] += 1
                if positions[path] == nil { positions[path] = start }
            }
            if let count = tableArrays[path] { path = path.appending(count - 1) }
            if positions[path] == nil { positions[path] = start }
        }
        try check(depth: path.components.count)
        table = path
    }

    private mutating func pair(in parent: ConfigPath) throws(TOMLOutline.Refusal) {
        let start = position
        let keys = try dottedKey()
        guard peek() == UInt8(ascii: "=") else { throw syntax("expected '=' after the key") }
        advance()
        try check(depth: parent.components.count + keys.count)
        var path = parent
        for key in keys {
            path = path.appending(key)
            if positions[path] == nil { positions[path] = start }
        }
        skipBlanks(newlines: false)
        try value(at: path)
    }

    private mutating func dottedKey() throws(TOMLOutline.Refusal) -> [String] {
        var keys: [String] = []
        while true {
            skipBlanks(newlines: false)
            keys.append(try key())
            try check(depth: keys.count)
            skipBlanks(newlines: false)
            guard peek() == UInt8(ascii: ".") else { return keys }
            advance()
        }
    }

    private mutating func key() throws(TOMLOutline.Refusal) -> String {
        guard let byte = peek() else { throw syntax("expected a key") }
        if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
            let start = index
            try string()
            return TOMLKeyText.decoded(bytes[start..<index])
        }
        let start = index
        while let byte = peek(), byte.isNameByte, byte != UInt8(ascii: ".") { advance() }
        guard index > start else { throw syntax("expected a key") }
        return String(decoding: bytes[start..<index], as: UTF8.self)
    }

    private mutating func value(at path: ConfigPath) throws(TOMLOutline.Refusal) {
        switch peek() {
        case UInt8(ascii: "\""), UInt8(ascii: "'"): try string()
        case UInt8(ascii: "["): try array(at: path)
        case UInt8(ascii: "{"): try inlineTable(at: path)
        default: try scalar()
        }
    }

    private mutating func array(at path: ConfigPath) throws(TOMLOutline.Refusal) {
        try check(depth: path.components.count + 1)
        advance()
        var count = 0
        while true {
            skipBlanks(newlines: true)
            if peek() == UInt8(ascii: "]") { return advance() }
            let element = path.appending(count)
            positions[element] = position
            try value(at: element)
            count += 1
            skipBlanks(newlines: true)
            switch peek() {
            case UInt8(ascii: ","): advance()
            case UInt8(ascii: "]"): return advance()
            default: throw syntax("expected ',' or ']' in the array")
            }
        }
    }

    private mutating func inlineTable(at path: ConfigPath) throws(TOMLOutline.Refusal) {
        advance()
        while true {
            skipBlanks(newlines: true)
            if peek() == UInt8(ascii: "}") { return advance() }
            try pair(in: path)
            skipBlanks(newlines: true)
            switch peek() {
            case UInt8(ascii: ","): advance()
            case UInt8(ascii: "}"): return advance()
            default: throw syntax("expected ',' or '}' in the inline table")
            }
        }
    }

    private mutating func scalar() throws(TOMLOutline.Refusal) {
        let start = index
        let place = position
        while let byte = peek() {
            let isInner = byte.isDigit || byte.isLetter || "+-_.:".utf8.contains(byte)
            let isBeforeTime =
                byte == UInt8(ascii: " ") && index - start == 10 && peek(1)?.isDigit == true
                && TOMLScalar.isDate(bytes[start..<index])
            guard isInner || isBeforeTime else { break }
            advance()
        }
        guard index > start else { throw syntax("expected a value") }
        guard TOMLScalar.isWellFormed(bytes[start..<index]) else {
            let token = quoted(String(decoding: bytes[start..<index], as: UTF8.self))
            throw TOMLOutline.Refusal(message: "\(token) is no value; strings need quotes", position: place)
        }
    }

    // MARK: Strings

    private mutating func string() throws(TOMLOutline.Refusal) {
        guard let quote = peek() else { return }
        let isMultiline = peek(1) == quote && peek(2) == quote
        let isBasic = quote == UInt8(ascii: "\"")
        for _ in 0..<(isMultiline ? 3 : 1) { advance() }
        while let byte = peek() {
            if byte == quote {
                if !isMultiline { return advance() }
                var run = 0
                while peek(run) == quote { run += 1 }
                if run >= 3 {
                    // Up to two quotes may stand before the closing three.
                    for _ in 0..<min(run, 5) { advance() }
                    return
                }
                for _ in 0..<run { advance() }
            } else if isBasic, byte == UInt8(ascii: "\\") {
                try refuseNUL()
                advance()
                if peek() != nil { advance() }
            } else if !isMultiline, byte == UInt8(ascii: "\n") {
                throw syntax("the string has no closing quote")
            } else {
                advance()
            }
        }
        throw syntax("the string has no closing quote")
    }

    /// The parser's strings end at U+0000, so that the rest of such a string would be lost without a word.
    private func refuseNUL() throws(TOMLOutline.Refusal) {
        let digits =
            switch peek(1) {
            case UInt8(ascii: "u"): 4
            case UInt8(ascii: "U"): 8
            case UInt8(ascii: "x"): 2
            default: 0
            }
        guard digits > 0 else { return }
        if (0..<digits).allSatisfy({ peek(2 + $0) == UInt8(ascii: "0") }) {
            throw TOMLOutline.Refusal(
                message: "strings must not hold the character U+0000", position: position)
        }
    }

    // MARK: Bytes

    private var position: TOMLOutline.Position { .init(line: line, column: column) }

    private func peek(_ ahead: Int = 0) -> UInt8? {
        index + ahead < bytes.count ? bytes[index + ahead] : nil
    }

    private func isCRLF() -> Bool { peek() == UInt8(ascii: "\r") && peek(1) == UInt8(ascii: "\n") }

    private mutating func advance() {
        guard index < bytes.count else { return }
        let byte = bytes[index]
        index += 1
        if byte == UInt8(ascii: "\n") {
            line += 1
            column = 1
        } else if byte & 0xC0 != 0x80 {
            column += 1
        }
    }

    private mutating func skipBlanks(newlines: Bool) {
        while let byte = peek() {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"): advance()
            case UInt8(ascii: "\n") where newlines: advance()
            case UInt8(ascii: "\r") where newlines && isCRLF(): advance()
            case UInt8(ascii: "#"):
                while peek() != nil, peek() != UInt8(ascii: "\n") { advance() }
            default: return
            }
        }
    }

    private func check(depth: Int) throws(TOMLOutline.Refusal) {
        guard depth > TOMLOutline.maxDepth else { return }
        throw TOMLOutline.Refusal(
            message: "is nested deeper than \(TOMLOutline.maxDepth) levels", position: position)
    }

    private func syntax(_ message: String) -> TOMLOutline.Refusal {
        TOMLOutline.Refusal(message: message, position: position)
    }
}
