import Testing

@testable import GateDiscovery

@Suite struct WordsTests {
    private func split(_ text: String) -> [String] {
        Words.split(text).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test(arguments: [
        ("get_stock_price", ["get", "stock", "price"]),
        ("list-directory.with/sizes", ["list", "directory", "with", "sizes"]),
        ("readFile", ["readfile", "read", "file"]),
        ("HTTPServer", ["httpserver", "http", "server"]),
        ("URLs", ["urls"]),
        ("base64 decode", ["base64", "base", "64", "decode"]),
        ("GitHub", ["github", "git", "hub"]),
        ("getUserAccountBalance", ["get", "user", "account", "balance"]),
        ("Café Größe", ["cafe", "große"]),
        ("搜索网页", ["搜", "索", "搜索", "网", "索网", "页", "网页"]),
        ("a I x", []),
        ("", []),
    ])
    func splitsIdentifiers(text: String, words: [String]) {
        #expect(split(text) == words)
    }

    @Test func isBounded() {
        #expect(Words.split(String(repeating: "word ", count: 5000), limit: 64).count == 64)
    }

    @Test(arguments: [
        ("caresses", "caress"), ("ponies", "poni"), ("cats", "cat"), ("feed", "feed"), ("agreed", "agre"),
        ("plastered", "plaster"), ("motoring", "motor"), ("sing", "sing"), ("conflated", "conflat"),
        ("hopping", "hop"), ("filing", "file"), ("falling", "fall"), ("happy", "happi"), ("sky", "sky"),
        ("relational", "relat"), ("conditional", "condit"), ("digitizer", "digit"), ("hopefulness", "hope"),
        ("electrical", "electr"), ("goodness", "good"), ("adoption", "adopt"), ("replacement", "replac"),
        ("controll", "control"), ("rate", "rate"), ("searching", "search"), ("searches", "search"), ("is", "is"),
        ("größen", "größen"),
    ])
    func stems(word: String, stem: String) {
        #expect(String(decoding: Stemmer.stem(Array(word.utf8)), as: UTF8.self) == stem)
    }

    @Test func measuresMisspellings() {
        func distance(_ a: String, _ b: String, _ limit: Int) -> Int? {
            Misspelling.distance(Array(a.utf8), Array(b.utf8), limit: limit)
        }
        #expect(distance("serach", "search", 1) == 1)
        #expect(distance("directry", "directory", 2) == 1)
        #expect(distance("kitten", "sitting", 3) == 3)
        #expect(distance("kitten", "sitting", 2) == nil)
        #expect(distance("", "ab", 2) == 2)
        #expect(distance("", "", 0) == 0)
    }
}
