import GateProtocol
import Testing

/// Damaged texts: the scanner agrees with an independent reading of the grammar on every one, and nothing traps.
@Suite struct MutationTests {
    private static let sample = Array(
        (#"{"jsonrpc":"2.0","id":-10,"method":"tools/call","params":{"name":"é😀","arguments":{"n":[1.50e+2,0,true,false]},"#
            + #""_meta":{"progressToken":"\u00e9\n\"x"}} , "e":[ [],{},null ]}"#).utf8)

    private func check(_ text: [UInt8]) {
        let accepted = fault(text) == nil
        if accepted != Oracle.accepts(text) { Issue.record("accepted: \(accepted): \(shown(text))") }
        let value = try? JSONValue(parsing: text)
        if value != nil, !accepted { Issue.record("parsed though refused: \(shown(text))") }
        if let value, (try? JSONValue(parsing: value.bytes)) != value { Issue.record("not stable: \(shown(text))") }
        // Nothing that is refused as JSON may pass as a message.
        let isMessage = text.withUnsafeBytes { (try? Envelope.scan($0)) != nil }
        if isMessage, !accepted { Issue.record("a message though refused: \(shown(text))") }
    }

    @Test func theSampleItselfIsFine() {
        #expect(fault(Self.sample) == nil)
        #expect(Oracle.accepts(Self.sample))
    }

    @Test func everyTruncation() {
        for count in 0..<Self.sample.count {
            let text = Array(Self.sample.prefix(count))
            check(text)
            #expect(fault(text) != nil, "\(count)")
            check(Array(Self.sample.dropFirst(count)))
        }
    }

    /// A text that ends in the middle of a buffer: what follows in memory plays no part.
    @Test func nothingBehindTheEndIsRead() {
        for text in [Self.sample, Array(##"["\u00e9\ud83d\ude00é😀\n",-10.25e+10,true,false,null]"##.utf8)] {
            text.withUnsafeBytes { whole in
                for count in 0..<whole.count {
                    let found = #expect(throws: JSONFault.self) {
                        try JSONScanner.validate(UnsafeRawBufferPointer(rebasing: whole[..<count]))
                    }
                    #expect(found == fault(Array(text.prefix(count))))
                    #expect(found.map { $0.offset <= count } == true)
                }
            }
        }
    }

    @Test func everyByteRemovedOrDoubled() {
        for index in Self.sample.indices {
            var text = Self.sample
            let byte = text.remove(at: index)
            check(text)
            text.insert(contentsOf: [byte, byte], at: index)
            check(text)
        }
    }

    @Test func everyByteReplaced() {
        let bytes: [UInt8] =
            Array(0x00...0x0D) + [0x1F] + Array(0x20...0x7F) + [
                0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0,
            ]
            + [0xED, 0xEF, 0xF0, 0xF4, 0xF5, 0xFE, 0xFF]
        for index in Self.sample.indices {
            for byte in bytes {
                var text = Self.sample
                text[index] = byte
                let accepted = fault(text) == nil
                if accepted != Oracle.accepts(text) { Issue.record("accepted: \(accepted): \(shown(text))") }
                if index % 3 == 0 { check(text) }
            }
        }
    }

    /// Every text of up to five of the bytes that mean something to a JSON reader.
    @Test func allShortTexts() {
        let alphabet = Array(#"[]{},:"\01-.e u"#.utf8)
        var texts: [[UInt8]] = [[]]
        for _ in 0..<4 {
            texts = texts.flatMap { text in alphabet.map { text + [$0] } }
            for text in texts where (fault(text) == nil) != Oracle.accepts(text) { Issue.record("\(shown(text))") }
        }
    }
}
