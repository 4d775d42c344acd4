import GateCrypto

/// What a buyer types to activate: `SG-XXXX-XXXX-XXXX-XXXX`, 75 random bits and a check symbol in Crockford's Base32.
///
/// A key only asks for an entitlement; it never proves a tier by itself. It is printed as `SG-***`; ``exposed`` is the one way to its text.
package struct LicenseKey: Sendable, Hashable {
    /// 15 symbols and the check, each 0 to 31.
    private let symbols: [UInt8]

    /// A new key.
    package init(using generator: inout some RandomNumberGenerator) {
        let random = (0..<LicenseKeySymbols.random).map { _ in UInt8.random(in: 0...31, using: &generator) }
        symbols = random + [LicenseKeySymbols.check(random)]
    }

    /// Reads what a person typed: small letters, missing or other dashes, blanks, O for 0, and I or L for 1 are accepted.
    package init(_ typed: String) throws(LicenseKeyError) {
        let letters = try LicenseKey.letters(typed)
        guard letters.count >= 2 else { throw letters.isEmpty ? .empty : .notAKey }
        try LicenseKey.checkProduct(letters.prefix(2))
        var symbols: [UInt8] = []
        for (index, letter) in letters.dropFirst(2).enumerated() {
            guard let value = LicenseKeySymbols.value(letter) else {
                throw .badSymbol(Character(Unicode.Scalar(letter)), position: index + 1)
            }
            symbols.append(value)
        }
        guard symbols.count == LicenseKeySymbols.count else { throw .wrongLength(symbols.count) }
        guard LicenseKeySymbols.isValid(symbols) else { throw .typo }
        self.symbols = symbols
    }

    /// The key in the clear: only for its owner and for the request that activates it.
    package var exposed: String {
        var text: [UInt8] = Array("SG".utf8)
        for (index, symbol) in symbols.enumerated() {
            if index % 4 == 0 { text.append(UInt8(ascii: "-")) }
            text.append(LicenseKeySymbols.letter(symbol))
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// All that an authority keeps of a key: 32 bytes. 75 random bits need nothing slower.
    package var digest: [UInt8] { SHA256.hash(Array("stonegate.license-key.v1\n".utf8) + Array(exposed.utf8)) }

    /// Visible letters, capitals, without what people put between groups.
    private static func letters(_ typed: String) throws(LicenseKeyError) -> [UInt8] {
        guard typed.utf8.count <= 128 else { throw .notAKey }
        var letters: [UInt8] = []
        for scalar in typed.unicodeScalars {
            switch scalar.value {
            case 0x20, 0x09, 0x0A, 0x0D, 0xA0, 0x2D, 0x5F, 0x2010...0x2015, 0x2212: continue
            case 0x61...0x7A: letters.append(UInt8(scalar.value) - 0x20)
            case 0x21...0x7E: letters.append(UInt8(scalar.value))
            default: throw .notAKey
            }
        }
        return letters
    }

    private static func checkProduct(_ prefix: ArraySlice<UInt8>) throws(LicenseKeyError) {
        switch String(decoding: prefix, as: UTF8.self) {
        case "SG": return
        case "SM": throw .otherProduct("stonemem")
        case "SX": throw .otherProduct("stonemux")
        default: throw .notAKey
        }
    }
}

extension LicenseKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "SG-***" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(reflecting: description) }
}
