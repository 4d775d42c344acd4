/// Strings, numbers and literals: most bytes of a message are inside strings, so these are read a word at a time.
extension JSONScanner {
    /// Consumes a string whose opening quote is at `offset`.
    ///
    /// - Returns: the bytes between the quotes, still escaped, and whether there is any escape among them.
    mutating func skipString() throws(JSONFault) -> (content: Range<Int>, escaped: Bool) {
        offset &+= 1
        let start = offset
        var escaped = false
        while true {
            skipPlainASCII()
            guard offset < end else { throw JSONFault(.unexpectedEnd, at: offset) }
            let byte = bytes[offset]
            if byte == UInt8(ascii: "\"") {
                let content = start..<offset
                offset &+= 1
                return (content, escaped)
            }
            if byte == UInt8(ascii: "\\") {
                escaped = true
                try skipEscape()
            } else if byte < 0x20 {
                throw JSONFault(.controlCharacter, at: offset)
            } else if byte >= 0x80 {
                try skipUTF8Sequence()
            } else {
                offset &+= 1
            }
        }
    }

    /// Moves to the next byte that needs a look: a quote, a backslash, a control character or non-ASCII.
    @inline(__always)
    private mutating func skipPlainASCII() {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        @inline(__always)
        func special(_ word: UInt64) -> UInt64 {
            let quote = word ^ (ones &* 0x22)
            let slash = word ^ (ones &* 0x5C)
            // The lowest flagged byte is exact; bytes above it may be flagged falsely by the borrow, and are not used.
            let found =
                ((quote &- ones) & ~quote) | ((slash &- ones) & ~slash) | ((word &- ones &* 0x20) & ~word) | word
            return found & highs
        }
        let raw = UnsafeRawPointer(bytes)
        while offset &+ 32 <= end {
            let first = special(raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            let second = special(raw.loadUnaligned(fromByteOffset: offset &+ 8, as: UInt64.self))
            let third = special(raw.loadUnaligned(fromByteOffset: offset &+ 16, as: UInt64.self))
            let fourth = special(raw.loadUnaligned(fromByteOffset: offset &+ 24, as: UInt64.self))
            if first | second | third | fourth == 0 {
                offset &+= 32
                continue
            }
            if first != 0 {
                offset &+= UInt64(littleEndian: first).trailingZeroBitCount >> 3
            } else if second != 0 {
                offset &+= 8 &+ UInt64(littleEndian: second).trailingZeroBitCount >> 3
            } else if third != 0 {
                offset &+= 16 &+ UInt64(littleEndian: third).trailingZeroBitCount >> 3
            } else {
                offset &+= 24 &+ UInt64(littleEndian: fourth).trailingZeroBitCount >> 3
            }
            return
        }
        while offset < end {
            let byte = bytes[offset]
            if byte < 0x20 || byte >= 0x80 || byte == 0x22 || byte == 0x5C { return }
            offset &+= 1
        }
    }

    private mutating func skipEscape() throws(JSONFault) {
        guard offset &+ 1 < end else { throw JSONFault(.unexpectedEnd, at: offset) }
        switch bytes[offset &+ 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            offset &+= 2
        case UInt8(ascii: "u"):
            guard offset &+ 6 <= end else { throw JSONFault(.unexpectedEnd, at: end) }
            for index in (offset &+ 2)..<(offset &+ 6) where hexValue(bytes[index]) == nil {
                throw JSONFault(.badEscape, at: offset)
            }
            offset &+= 6
        default:
            throw JSONFault(.badEscape, at: offset)
        }
    }

    /// Consumes one well-formed multi-byte sequence (Unicode 15, table 3-7: no overlong forms, no surrogates).
    private mutating func skipUTF8Sequence() throws(JSONFault) {
        let first = bytes[offset]
        let length: Int
        var low: UInt8 = 0x80
        var high: UInt8 = 0xBF
        switch first {
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, low) = (3, 0xA0)
        case 0xED: (length, high) = (3, 0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, low) = (4, 0x90)
        case 0xF1...0xF3: length = 4
        case 0xF4: (length, high) = (4, 0x8F)
        default: throw JSONFault(.badUTF8, at: offset)
        }
        guard offset &+ length <= end else { throw JSONFault(.badUTF8, at: offset) }
        guard bytes[offset &+ 1] >= low, bytes[offset &+ 1] <= high else { throw JSONFault(.badUTF8, at: offset) }
        var index = 2
        while index < length {
            guard bytes[offset &+ index] & 0xC0 == 0x80 else { throw JSONFault(.badUTF8, at: offset) }
            index &+= 1
        }
        offset &+= length
    }

    mutating func skipNumber() throws(JSONFault) {
        let start = offset
        if offset < end, bytes[offset] == UInt8(ascii: "-") { offset &+= 1 }
        guard offset < end else { throw JSONFault(.unexpectedEnd, at: offset) }
        if bytes[offset] == UInt8(ascii: "0") {
            offset &+= 1
        } else if skipDigits() == 0 {
            throw JSONFault(offset == start ? .unexpectedByte : .badNumber, at: offset)
        }
        if offset < end, bytes[offset] == UInt8(ascii: ".") {
            offset &+= 1
            if skipDigits() == 0 { throw JSONFault(.badNumber, at: offset) }
        }
        if offset < end, bytes[offset] | 0x20 == UInt8(ascii: "e") {
            offset &+= 1
            if offset < end, bytes[offset] == UInt8(ascii: "+") || bytes[offset] == UInt8(ascii: "-") { offset &+= 1 }
            if skipDigits() == 0 { throw JSONFault(.badNumber, at: offset) }
        }
        // "01" and "1x" must not pass as two values.
        if offset < end, isWordByte(bytes[offset]) { throw JSONFault(.badNumber, at: offset) }
    }

    @inline(__always)
    private mutating func skipDigits() -> Int {
        let start = offset
        while offset < end, bytes[offset] &- 0x30 < 10 { offset &+= 1 }
        return offset &- start
    }

    mutating func skipLiteral(_ literal: StaticString) throws(JSONFault) {
        let count = literal.utf8CodeUnitCount
        guard offset &+ count <= end else { throw JSONFault(.unexpectedEnd, at: end) }
        for index in 0..<count where bytes[offset &+ index] != literal.utf8Start[index] {
            throw JSONFault(.unexpectedByte, at: offset)
        }
        offset &+= count
        if offset < end, isWordByte(bytes[offset]) { throw JSONFault(.unexpectedByte, at: offset) }
    }
}

@inline(__always)
private func isWordByte(_ byte: UInt8) -> Bool {
    byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26 || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
}

@inline(__always)
func hexValue(_ byte: UInt8) -> UInt16? {
    switch byte {
    case 0x30...0x39: UInt16(byte &- 0x30)
    case 0x41...0x46: UInt16(byte &- 0x37)
    case 0x61...0x66: UInt16(byte &- 0x57)
    default: nil
    }
}
