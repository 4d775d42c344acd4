/// Why a text is not a license key of stonegate. Found offline; it never holds the text itself.
package enum LicenseKeyError: Error, Sendable, Equatable, CustomStringConvertible {
    case empty
    case notAKey
    /// The key of a sister product, by its name.
    case otherProduct(String)
    /// How many symbols stand after `SG-`.
    case wrongLength(Int)
    /// A character that no key has; the position counts symbols after `SG-` from 1.
    case badSymbol(Character, position: Int)
    /// The check symbol does not fit: some symbol is wrong, or two have changed places.
    case typo

    package var description: String {
        switch self {
        case .empty: "no license key was given; it has the form SG-XXXX-XXXX-XXXX-XXXX"
        case .notAKey: "this is not a license key of stonegate: it has the form SG-XXXX-XXXX-XXXX-XXXX"
        case .otherProduct(let name):
            "this is a license key of \(name), another product; keys of stonegate begin with SG-"
        case .wrongLength(let count):
            "this license key has \(count) symbols after SG-, and should have \(LicenseKeySymbols.count): "
                + "look whether part of it is missing or there twice"
        case .badSymbol(let symbol, let position):
            "symbol \(position) after SG- is \"\(symbol)\", which no license key has: compare it with the original"
        case .typo:
            "this license key has a typing mistake: a symbol is wrong, or two have changed places; compare it with the original"
        }
    }
}
