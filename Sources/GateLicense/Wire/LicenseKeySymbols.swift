/// The alphabet of license keys (Crockford's Base32) and their check symbol.
///
/// The check is a weighted sum over the field of 32 elements that is 0 for every good key. The weights are powers of a generator of the
/// field, all different and none 0: so one wrong symbol always shows, and so does a swap of any two symbols that differ.
enum LicenseKeySymbols {
    static let random = 15
    static let count = 16
    private static let alphabet: StaticString = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

    static func letter(_ value: UInt8) -> UInt8 { alphabet.utf8Start[Int(value & 31)] }

    /// - Parameter letter: a capital or a digit.
    /// - Returns: nil for what stands for no symbol: U and everything that is not a letter or a digit.
    static func value(_ letter: UInt8) -> UInt8? {
        switch letter {
        case UInt8(ascii: "O"): return 0
        case UInt8(ascii: "I"), UInt8(ascii: "L"): return 1
        default:
            for value in UInt8(0)..<32 where self.letter(value) == letter { return value }
            return nil
        }
    }

    /// The symbol that makes 15 others a good key. Its own weight is 1.
    static func check(_ symbols: some Collection<UInt8>) -> UInt8 {
        symbols.reduce(0) { double($0 ^ $1) }
    }

    static func isValid(_ symbols: [UInt8]) -> Bool {
        symbols.count == count && check(symbols.dropLast()) == symbols.last
    }

    /// Times the generator x, modulo x^5 + x^2 + 1, which is primitive.
    private static func double(_ value: UInt8) -> UInt8 { value & 16 == 0 ? value << 1 : (value << 1) & 31 ^ 5 }
}
