import CDiscoveryTable

/// Lower case without accents, for every script: canonical decomposition, then combining marks dropped.
enum Folding {
    /// Calls `body` with each scalar that is left of `scalar`.
    static func fold(_ scalar: Unicode.Scalar, _ body: (Unicode.Scalar) -> Void) {
        if scalar.value < 0x80 {
            let isUpper = scalar.value >= 0x41 && scalar.value <= 0x5A
            body(isUpper ? Unicode.Scalar(UInt8(scalar.value) + 0x20) : scalar)
            return
        }
        if scalar.properties.isLowercase || !scalar.properties.changesWhenLowercased {
            decompose(scalar, body)
        } else {
            for lower in scalar.properties.lowercaseMapping.unicodeScalars { decompose(lower, body) }
        }
    }

    private static func decompose(_ scalar: Unicode.Scalar, _ body: (Unicode.Scalar) -> Void) {
        if scalar.value >= 0xAC00, scalar.value <= 0xD7A3 {
            // Hangul syllables decompose by arithmetic (Unicode 3.12), not by table.
            let index = scalar.value - 0xAC00
            keep(0x1100 + index / 588, body)
            keep(0x1161 + index % 588 / 28, body)
            if index % 28 > 0 { keep(0x11A7 + index % 28, body) }
            return
        }
        if scalar.properties.generalCategory == .nonspacingMark { return }
        guard let row = row(of: scalar.value) else { return body(scalar) }
        keep(word(row * 3 + 1), body)
        keep(word(row * 3 + 2), body)
    }

    private static func keep(_ value: UInt32, _ body: (Unicode.Scalar) -> Void) {
        if value != 0, let scalar = Unicode.Scalar(value) { body(scalar) }
    }

    nonisolated(unsafe) private static let table = UnsafeRawBufferPointer(
        start: cdt_folding().start, count: cdt_folding().count)

    private static func word(_ index: Int) -> UInt32 {
        UInt32(littleEndian: table.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self))
    }

    private static func row(of value: UInt32) -> Int? {
        var low = 0
        var high = table.count / 12
        while low < high {
            let middle = (low + high) / 2
            let found = word(middle * 3)
            if found == value { return middle }
            if found < value { low = middle + 1 } else { high = middle }
        }
        return nil
    }
}
