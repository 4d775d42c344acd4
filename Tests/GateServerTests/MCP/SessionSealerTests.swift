@testable import GateServer
import GateCore
import GateProtocol
import Testing

struct SessionSealerTests {
    private static func session(_ number: UInt64, agent: String = "hermes") -> MCPSession {
        MCPSession(
            id: .init(high: number, low: ~number), version: .v2025_06_18, agent: agent, isBound: !agent.isEmpty,
            capabilities: [.sampling, .roots], issued: 1_790_000_000, run: 0xFEDC_BA98)
    }

    private static func sealer(_ byte: UInt8 = 1) throws -> SessionSealer {
        try #require(SessionSealer(key: [UInt8](repeating: byte, count: 32)))
    }

    @Test(arguments: ["", "a", "hermes", String(repeating: "x", count: 64)])
    func anIdCarriesItsSession(agent: String) throws {
        let sealer = try SessionSealerTests.sealer()
        let session = SessionSealerTests.session(42, agent: agent)
        let id = sealer.seal(session)
        #expect(id.utf8.count <= 256)
        #expect(sealer.open(ArraySlice(id.utf8)) == session)
        #expect(try SessionSealerTests.sealer(2).open(ArraySlice(id.utf8)) == nil)
    }

    /// Of sessions that begin one after another nothing can be told from the part that has to be guessed.
    @Test func aHundredThousandIdsHaveNoPattern() throws {
        let sealer = try SessionSealerTests.sealer()
        var seen: Set<String> = []
        var counts = [Int](repeating: 0, count: KeyedHash.tagBytes * 256)
        for number in 0..<100_000 {
            let id = sealer.seal(SessionSealerTests.session(UInt64(number)))
            seen.insert(id)
            let bytes = try #require(Base64.decodeURL(ArraySlice(id.utf8)))
            for (place, byte) in bytes.prefix(KeyedHash.tagBytes).enumerated() { counts[place * 256 + Int(byte)] += 1 }
        }
        #expect(seen.count == 100_000)
        let expected = 100_000.0 / 256
        for place in 0..<KeyedHash.tagBytes {
            let chi = counts[(place * 256)..<(place * 256 + 256)].reduce(0.0) { sum, count in
                sum + (Double(count) - expected) * (Double(count) - expected) / expected
            }
            // 255 degrees of freedom: beyond 400 is less likely than one in ten million.
            #expect(chi < 400, "byte \(place): \(chi)")
        }
    }

    @Test func everyChangeOfAnIdIsNoticed() throws {
        let sealer = try SessionSealerTests.sealer()
        let id = Array(sealer.seal(SessionSealerTests.session(7)).utf8)
        for index in id.indices {
            for other in "A9_-".utf8 where other != id[index] {
                var changed = id
                changed[index] = other
                #expect(sealer.open(changed[...]) == nil)
            }
            #expect(sealer.open(id[..<index]) == nil)
        }
        #expect(sealer.open((id + [UInt8(ascii: "A")])[...]) == nil)
        #expect(sealer.open(ArraySlice(repeating: UInt8(ascii: "A"), count: 100_000)) == nil)
    }

    @Test func aKeyHas32Bytes() {
        #expect(SessionSealer(key: [UInt8](repeating: 1, count: 31)) == nil)
        #expect(SessionSealer(key: []) == nil)
    }

    /// RFC 4231, test case 2, with its key filled up with zeros, which HMAC does as well.
    @Test func theHashIsTheOneOfTheStandard() throws {
        let hash = try #require(KeyedHash(key: Array("Jefe".utf8) + [UInt8](repeating: 0, count: 28)))
        let tag = hash.tag("what do ya want for nothing?".utf8)
        #expect(
            tag.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    }

    @Test(arguments: [("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("+/+/", nil as String?)])
    func base64IsReadStrictly(text: String, plain: String?) {
        let expected: [UInt8]? = plain.map { Array($0.utf8) } ?? [0xFB, 0xFF, 0xBF]
        #expect(Base64.decode(Array(text.utf8)) == expected)
    }

    @Test(arguments: ["Z", "Zg", "Zg=", "Zh==", "Zm9=", "Zm9v=", "Z===", "Zm 9", "Zm9-", "=Zg="])
    func otherSpellingsAreRefused(text: String) { #expect(Base64.decode(Array(text.utf8)) == nil) }
}
