import Testing

@testable import GateDiscovery

/// Values of the reference decoder that came with the table.
@Suite struct WordVectorsTests {
    struct Sample: Sendable {
        var text: String
        var tokens: [Int]
        var first: [Float]
    }

    static let samples = [
        Sample(
            text: "Search the web for caf\u{e9} menus", tokens: [1873, 227, 2498, 236, 4233, 6250, 246],
            first: [0.0317, 0.0759, -0.2601, 0.1011]),
        Sample(
            text: "get_stock_price(symbol)", tokens: [361, 36, 2315, 36, 1900, 7, 3566, 8],
            first: [0.152, -0.1801, -0.095, -0.0569]),
        Sample(
            text: "\u{dc}berpr\u{fc}fe Gr\u{f6}\u{df}e na\u{ef}ve", tokens: [8518, 8214, 7599, 293, 3645, 1547],
            first: [0.1635, -0.112, 0.0072, 0.2457]),
        Sample(text: "使用必应搜索 keyword", tokens: [1260, 8284], first: [0.0227, 0.0617, 0.142, 0.0713]),
        Sample(
            text: "한국어 검색",
            tokens: [89, 10894, 10909, 10879, 10902, 10908, 10887, 10896, 76, 10896, 10911, 10885, 10895, 10908],
            first: [-0.0061, -0.2185, -0.0443, 0.1214]),
        Sample(
            text: "q\u{0}x emoji 😀 ok", tokens: [54, 61, 4342, 10791, 302, 4383],
            first: [0.091, -0.1361, 0.1237, 0.0606]),
        Sample(
            text: "unbelievably kubernetes v1.2.3",
            tokens: [2579, 4748, 850, 1588, 3483, 6898, 3087, 3961, 452, 59, 683, 13, 17, 13, 18],
            first: [0.2044, -0.0976, 0.2142, 0.0177]),
        Sample(
            text: "\u{c5}se \u{c9} e\u{301}", tokens: [235, 293, 42, 42], first: [-0.023, -0.0447, -0.0743, 0.1118]),
        Sample(text: "ばびぶ が", tokens: [], first: [0, 0, 0, 0]),
        Sample(text: "", tokens: [], first: [0, 0, 0, 0]),
    ]

    @Test(arguments: samples)
    func agreesWithTheReference(sample: Sample) {
        #expect(WordPieces.shared.tokens(of: sample.text) == sample.tokens)
        let vector = WordVectors.shared.vector(of: sample.text)
        #expect(vector.count == 128)
        for (value, expected) in zip(vector, sample.first) { #expect(abs(value - expected) < 0.0002) }
    }

    @Test func vocabularyIsWhole() {
        #expect(WordPieces.shared.count == 10957)
        #expect(WordPieces.shared.wholeWord(Array("search".utf8)) == 1873)
        #expect(WordPieces.shared.wholeWord(Array("zzqx".utf8)) == nil)
    }

    @Test func packedVectorsKeepTheirDirection() {
        let vector = WordVectors.shared.vector(of: "convert currency")
        let packed = PackedVector(vector)
        for (value, component) in zip(vector, packed.components) {
            #expect(abs(Float(component) * packed.scale - value) <= packed.scale)
        }
        #expect(PackedVector([0, 0]).scale == 0)
    }

    @Test func logarithmIsExactEnough() {
        #expect(abs(Logarithm.natural(1)) < 1e-5)
        #expect(abs(Logarithm.natural(10) - 2.302_585) < 1e-4)
        #expect(abs(Logarithm.natural(17_000) - 9.740_969) < 1e-4)
        #expect(Logarithm.natural(0) == 0)
    }
}
