import GateProtocol
import GateTestKit
import Testing

@testable import GateLicense

@Suite struct LicenseKeyTests {
    private let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")

    private func refusal(_ typed: String) -> LicenseKeyError? {
        do {
            _ = try LicenseKey(typed)
            return nil
        } catch { return error }
    }

    /// The key with some of its 16 symbols changed.
    private func text(_ symbols: [Character]) -> String {
        "SG-" + stride(from: 0, to: 16, by: 4).map { String(symbols[$0..<$0 + 4]) }.joined(separator: "-")
    }

    private func symbols(_ key: LicenseKey) -> [Character] { key.exposed.dropFirst(3).filter { $0 != "-" } }

    @Test func everyWrongSymbolAndEverySwapIsFound() throws {
        var random = SeededGenerator(seed: 1)
        var typos = 0
        for _ in 0..<20 {
            let good = symbols(LicenseKey(using: &random))
            #expect(try LicenseKey(text(good)).exposed == text(good))
            for position in 0..<16 {
                for other in alphabet where other != good[position] {
                    var wrong = good
                    wrong[position] = other
                    #expect(refusal(text(wrong)) == .typo)
                    typos += 1
                }
            }
            for first in 0..<16 {
                for second in first + 1..<16 where good[first] != good[second] {
                    var wrong = good
                    wrong.swapAt(first, second)
                    #expect(refusal(text(wrong)) == .typo)
                    typos += 1
                }
            }
        }
        #expect(typos > 20 * 16 * 31)
    }

    @Test func keysAreDifferentAndOfTheForm() throws {
        var random = SeededGenerator(seed: 2)
        let keys = Set((0..<1000).map { _ in LicenseKey(using: &random) })
        #expect(keys.count == 1000)
        let form = try Regex("SG(-[0-9A-HJKMNP-TV-Z]{4}){4}")
        for key in keys { #expect(key.exposed.wholeMatch(of: form) != nil) }
        #expect(Set(keys.map(\.digest)).count == 1000)
        #expect(keys.first?.digest.count == 32)
    }

    @Test func whatPeopleTypeIsUnderstood() throws {
        // 15 zeros and a one in the place before the check, whose weight is the generator: the check is 2.
        let key = try LicenseKey("SG-0000-0000-0000-0012")
        for typed in [
            "sg-0000-0000-0000-0012", "SG0000000000000012", "  SG-0000-0000-0000-0012\n", "SG-OOOO-oooo-0000-00I2",
            "sg oooo oooo oooo ool2", "SG\u{2013}0000\u{2013}0000\u{2013}0000\u{2013}0012", "SG_0000_0000_0000_0012",
        ] { #expect(try LicenseKey(typed) == key) }
    }

    @Test func othersAreRefusedInWords() {
        #expect(refusal("SM-0000-0000-0000-0012") == .otherProduct("stonemem"))
        #expect(refusal("sx-0000") == .otherProduct("stonemux"))
        #expect("\(LicenseKeyError.otherProduct("stonemem"))".contains("stonemem"))
        #expect(refusal("") == .empty)
        #expect(refusal(" - ") == .empty)
        #expect(refusal("0000-0000-0000-0012") == .notAKey)
        #expect(refusal("SG-0000-0000-0000-001") == .wrongLength(15))
        #expect(refusal("SG-0000-0000-0000-00122") == .wrongLength(17))
        #expect(refusal("SG-0000-U000-0000-0012") == .badSymbol("U", position: 5))
        #expect(refusal("SG-0000-0000-0000-001*") == .badSymbol("*", position: 16))
        #expect(refusal("SG-0000-0000-0000-001\u{1B}") == .notAKey)
        #expect(refusal("SG-0000-0000-0000-001\u{0661}") == .notAKey)
        #expect(refusal(String(repeating: "S", count: 100_000)) == .notAKey)
        #expect("\(LicenseKeyError.typo)".contains("typing mistake"))
    }

    @Test func aKeyIsNotPrinted() throws {
        let key = try LicenseKey("SG-0000-0000-0000-0012")
        let nonce = Nonce("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
        let request = ActivationRequest(key: key, instanceID: "i", nonce: try #require(nonce), version: "1")
        var dumped = ""
        dump(request, to: &dumped)
        for shown in ["\(key)", String(reflecting: key), "\(request)", String(reflecting: request), dumped] {
            #expect(!shown.contains("0012"))
            #expect(shown.contains("SG-***"))
        }
        #expect(request.json["key"] == "SG-0000-0000-0000-0012")
    }
}
