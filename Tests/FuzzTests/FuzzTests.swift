import GateFuzz
import Testing

/// What `make fuzz` runs for as long as one likes, here for a moment and with the same inputs each time.
struct FuzzTests {
    private static let corpus = String(#filePath.dropLast("FuzzTests/FuzzTests.swift".count)) + "fuzz/corpus"

    @Test(arguments: FuzzTarget.allCases)
    func everyKeptInputIsReadWithoutContradiction(_ target: FuzzTarget) throws {
        let inputs = try Corpus.load(target, from: FuzzTests.corpus)
        #expect(inputs.count >= 5)
        for input in inputs { #expect(target.check(input) == nil, "\(FuzzTests.shown(input))") }
    }

    @Test(arguments: FuzzTarget.allCases)
    func inputsMadeOfThemAreReadWithoutContradiction(_ target: FuzzTarget) throws {
        var mutator = Mutator(corpus: try Corpus.load(target, from: FuzzTests.corpus), seed: 20_261_125)
        for _ in 0..<5_000 {
            let input = mutator.next()
            guard let contradiction = target.check(input) else { continue }
            Issue.record("\(contradiction): \(FuzzTests.shown(input))")
            return
        }
    }

    /// The input in base 16, for the report.
    private static func shown(_ input: [UInt8]) -> String {
        let digits = input.prefix(2_000).map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }
        return "\(input.count) bytes: \(digits.joined())"
    }
}
