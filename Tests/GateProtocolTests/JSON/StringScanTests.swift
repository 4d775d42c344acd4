import GateProtocol
import Testing

/// The word loop of the string scanner, at every alignment and position.
@Suite struct StringScanTests {
    /// Length and position of a special byte relative to the 32-byte step, with the text at eight different alignments.
    @Test func everySpecialByteAtEveryPosition() {
        let specials: [(bytes: [UInt8], reason: JSONFault.Reason?)] = [
            ([0x5C, 0x6E], nil), ([0x5C, 0x22], nil), ([0xC3, 0xA9], nil), ([0xF0, 0x9F, 0x98, 0x80], nil),
            ([0x7F], nil), ([0x21], nil),
            ([0x23], nil), ([0x5B], nil), ([0x5D], nil), ([0x5C, 0x78], .badEscape), ([0x1F], .controlCharacter),
            ([0x00], .controlCharacter),
            ([0x80], .badUTF8), ([0xFF], .badUTF8), ([0xC3, 0x28], .badUTF8),
        ]
        for position in 0...70 {
            for tail in [0, 1, 7, 31, 32, 40] {
                for special in specials {
                    let inside =
                        [UInt8](repeating: 0x61, count: position) + special.bytes
                        + [UInt8](repeating: 0x62, count: tail)
                    for lead in 0..<8 {
                        let text = [UInt8](repeating: 0x20, count: lead) + [0x22] + inside + [0x22]
                        let expected = special.reason.map { JSONFault($0, at: lead + 1 + position) }
                        if fault(text) != expected {
                            Issue.record("\(shown(text)): \(String(describing: fault(text)))")
                        }
                    }
                }
            }
        }
    }

    @Test func aQuoteEndsTheStringAtEveryPosition() {
        for position in 0...70 {
            let text = [0x22] + [UInt8](repeating: 0x61, count: position) + [0x22] + [UInt8](repeating: 0x62, count: 70)
            #expect(fault(text) == JSONFault(.trailingBytes, at: position + 2))
            #expect(fault(Array(text.prefix(position + 1)))?.reason == .unexpectedEnd)
            #expect(fault(Array(text.prefix(position + 2))) == nil)
        }
    }

    /// Two special bytes in one step: the first one counts.
    @Test func theFirstOfTwoSpecialBytesCounts() {
        let specials: [UInt8] = [0x00, 0x01, 0x1F, 0x80, 0xFF]
        for first in 0..<40 {
            for second in (first + 1)...40 {
                for one in specials {
                    for two in specials {
                        var inside = [UInt8](repeating: 0x61, count: 48)
                        inside[first] = one
                        inside[second] = two
                        let reason: JSONFault.Reason = one < 0x20 ? .controlCharacter : .badUTF8
                        if fault([0x22] + inside + [0x22]) != JSONFault(reason, at: first + 1) {
                            Issue.record("\(first) \(second) \(one) \(two)")
                        }
                    }
                }
            }
        }
    }

    @Test func escapesAreReportedAndRangesAreExact() throws {
        for position in 0...70 {
            let plain = String(repeating: "x", count: position)
            for (content, escaped) in [(plain, false), (plain + "\\u0041", true), (plain + "é", false)] {
                let text = Array("{\"\(content)\" : 1}".utf8)
                try text.withUnsafeBytes { buffer in
                    var scanner = JSONScanner(buffer)
                    let field = try #require(try scanner.scanObject().list.first)
                    #expect(text[field.key].elementsEqual(content.utf8))
                    #expect(field.keyIsEscaped == escaped)
                }
            }
        }
    }
}
