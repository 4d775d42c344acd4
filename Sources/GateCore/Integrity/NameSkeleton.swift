import GateProtocol

/// What is left of a name for a reader who is not careful: letters that look alike are one, case and hidden characters are gone.
///
/// A small table for what attacks use: Cyrillic, Greek and full-width letters, and digits in the place of letters.
enum NameSkeleton {
    static func of(_ name: String) -> ExactText {
        var out: [UInt8] = []
        for scalar in name.unicodeScalars where !HiddenCharacters.contains(scalar) {
            if let twin = twin(scalar) {
                append(twin, to: &out)
            } else {
                out += Array(String(scalar).utf8)
            }
        }
        return ExactText(String(decoding: out, as: UTF8.self))
    }

    private static func append(_ letter: UInt8, to out: inout [UInt8]) {
        // `rn` is read as `m`.
        if letter == UInt8(ascii: "n"), out.last == UInt8(ascii: "r") {
            out[out.count - 1] = UInt8(ascii: "m")
        } else {
            out.append(letter)
        }
    }

    /// The Latin letter, in lower case, that a character can be taken for.
    private static func twin(_ scalar: Unicode.Scalar) -> UInt8? {
        switch scalar.value {
        case 0x41...0x5A: twin(ascii: UInt8(scalar.value) | 0x20)
        case 0x21...0x7E: twin(ascii: UInt8(scalar.value))
        // Full-width forms.
        case 0xFF21...0xFF3A: twin(ascii: UInt8(scalar.value - 0xFF21) + 0x61)
        case 0xFF41...0xFF5A: twin(ascii: UInt8(scalar.value - 0xFF41) + 0x61)
        case 0xFF10...0xFF19: twin(ascii: UInt8(scalar.value - 0xFF10) + 0x30)
        case 0xFF3F: UInt8(ascii: "_")
        default: table[scalar].map { twin(ascii: $0) }
        }
    }

    private static func twin(ascii byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "0"): UInt8(ascii: "o")
        case UInt8(ascii: "1"), UInt8(ascii: "i"), UInt8(ascii: "|"): UInt8(ascii: "l")
        default: byte
        }
    }

    private static let table: [Unicode.Scalar: UInt8] = {
        var table: [Unicode.Scalar: UInt8] = [:]
        func add(_ letters: String, _ twins: String) {
            for (letter, twin) in zip(letters.unicodeScalars, twins.utf8) { table[letter] = twin }
        }
        // Cyrillic.
        add("аеорсухіјѕкмтнвпгһԁԛԝьӏ", "aeopcyxijskmthbnrhdqwbl")
        add("АВЕКМНОРСТУХІЈЅҺԀԚԜЬӀГПЗз", "abekmhopctyxijshdqwblrn33")
        // Greek.
        add("αβεηικνορτυχγωκ", "abenlkvoptuxywk")
        add("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "abezhlkmnoptyx")
        // Latin letters beside the alphabet.
        add("ıɑɡⅼⅰⅽⅾⅿⅴⅹſ", "iagllcdmvxf")
        return table
    }()

    /// Whether letters of different alphabets are mixed so that some pass for others.
    static func mixesAlphabets(_ name: String) -> Bool {
        var hasLatin = false
        var hasTwin = false
        for scalar in name.unicodeScalars {
            if scalar.isASCII {
                hasLatin = hasLatin || scalar.properties.isAlphabetic
            } else if table[scalar] != nil {
                hasTwin = true
            }
        }
        return hasLatin && hasTwin
    }
}
