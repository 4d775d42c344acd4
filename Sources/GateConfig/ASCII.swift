extension UInt8 {
    var isDigit: Bool { (0x30...0x39).contains(self) }
    var isLetter: Bool { (0x41...0x5A).contains(self) || (0x61...0x7A).contains(self) }
    var isHexDigit: Bool { isDigit || (0x41...0x46).contains(self) || (0x61...0x66).contains(self) }
    /// Letters, digits, `-`, `.` and `_`.
    var isNameByte: Bool {
        isDigit || isLetter || self == UInt8(ascii: "-") || self == UInt8(ascii: ".") || self == UInt8(ascii: "_")
    }
    var lowercased: UInt8 { (0x41...0x5A).contains(self) ? self | 0x20 : self }
}

extension ArraySlice<UInt8> {
    /// What follows `prefix`, compared without regard to the case of ASCII letters; nil when it does not begin with it.
    func dropping(prefix: String) -> ArraySlice<UInt8>? {
        let head = self.prefix(prefix.utf8.count)
        guard head.map(\.lowercased) == prefix.utf8.map(\.lowercased) else { return nil }
        return dropFirst(head.count)
    }
}
