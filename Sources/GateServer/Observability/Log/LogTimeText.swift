/// Times as people write them into a query.
enum LogTimeText {
    /// - Returns: milliseconds since 1970; nil for what is none of RFC 3339 in UTC, milliseconds, or a time ago (`90s`, `15m`, `2h`, `7d`).
    static func milliseconds(_ text: String, now: Int) -> Int? {
        if let number = Int(text) { return number >= 0 ? number : nil }
        if let unit = text.utf8.last, let count = Int(text.dropLast()), count >= 0, count < 1_000_000 {
            switch unit {
            case UInt8(ascii: "s"): return now - count * 1_000
            case UInt8(ascii: "m"): return now - count * 60_000
            case UInt8(ascii: "h"): return now - count * 3_600_000
            case UInt8(ascii: "d"): return now - count * 86_400_000
            default: break
            }
        }
        return rfc3339(Array(text.utf8))
    }

    /// `2026-11-25T07:30:00Z`, with or without a fraction.
    private static func rfc3339(_ text: [UInt8]) -> Int? {
        guard text.count >= 20, text[4] == UInt8(ascii: "-"), text[7] == UInt8(ascii: "-"),
            text[10] | 0x20 == UInt8(ascii: "t"),
            text[13] == UInt8(ascii: ":"), text[16] == UInt8(ascii: ":"), (text.last ?? 0) | 0x20 == UInt8(ascii: "z")
        else { return nil }
        func number(_ range: Range<Int>) -> Int? {
            let digits = text[range]
            guard digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
            return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        }
        guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10), let hour = number(11..<13),
            let minute = number(14..<16), let second = number(17..<19), (1...12).contains(month),
            (1...31).contains(day),
            hour < 24, minute < 60, second <= 60
        else { return nil }
        var thousandths = 0
        let fraction = text[19..<(text.count - 1)]
        if !fraction.isEmpty {
            guard fraction.first == UInt8(ascii: "."), fraction.count > 1,
                let digits = number(20..<min(text.count - 1, 23)), number(20..<(text.count - 1)) != nil
            else { return nil }
            thousandths = digits * [100, 10, 1][min(fraction.count - 2, 2)]
        }
        // Days from 1970 in the Gregorian calendar, with March as the first month.
        let shifted = month <= 2 ? year - 1 : year
        let (era, ofEra) = (shifted / 400, shifted % 400)
        let ofYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        let days = era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719_468
        return ((days * 24 + hour) * 60 + minute) * 60_000 + second * 1_000 + thousandths
    }
}
