extension WordPieces {
    /// Token ids of a text: folded words of letters and digits, every other visible sign and every CJK character alone.
    func tokens(of text: String) -> [Int] {
        var tokens: [Int] = []
        var word: [UInt8] = []
        func flush() {
            guard !word.isEmpty else { return }
            tokenize(word, into: &tokens)
            word.removeAll(keepingCapacity: true)
        }
        for scalar in text.unicodeScalars {
            Folding.fold(scalar) { folded in
                switch Self.part(folded) {
                case .inWord: word.append(contentsOf: UTF8.encode(folded) ?? UTF8.encodedReplacementCharacter)
                case .gap: flush()
                case .alone:
                    flush()
                    tokenize(Array(UTF8.encode(folded) ?? UTF8.encodedReplacementCharacter), into: &tokens)
                }
            }
        }
        flush()
        return tokens
    }

    private enum Part { case inWord, alone, gap }

    private static func part(_ scalar: Unicode.Scalar) -> Part {
        let value = scalar.value
        if value < 0x80 {
            switch value {
            case 0x30...0x39, 0x61...0x7A, 0x41...0x5A: return .inWord
            case 0x21...0x7E: return .alone
            default: return .gap
            }
        }
        switch value {
        case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0xF900...0xFAFF, 0x20000...0x2FA1F: return .alone
        default: break
        }
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .spaceSeparator, .lineSeparator,
            .paragraphSeparator:
            return .gap
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
            .finalPunctuation, .otherPunctuation:
            return .alone
        default: return .inWord
        }
    }
}
