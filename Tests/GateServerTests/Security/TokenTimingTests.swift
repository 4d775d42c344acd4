import GateTestKit
import Testing

@testable import GateServer

/// S-9: how long a comparison takes says nothing of how near a guess was.
@Suite(.serialized) struct TokenTimingTests {
    private func makeToken() throws -> (token: AdminToken, value: [UInt8]) {
        let data = try TemporaryDirectory()
        let token = try AdminToken.load(directory: StateDirectory(path: data.path))
        let kept = try #require(data.read(AdminToken.fileName)).utf8.prefix { $0 > 0x20 }
        return (token, Array("Bearer ".utf8) + kept)
    }

    @Test func everyPositionCounts() throws {
        let (token, value) = try makeToken()
        #expect(token.matches(authorization: value[...]))
        for place in value.indices.dropFirst(7) {
            for bit in 0..<8 {
                var wrong = value
                wrong[place] ^= 1 << UInt8(bit)
                #expect(!token.matches(authorization: wrong[...]), "byte \(place), bit \(bit)")
            }
        }
        var random = SeededGenerator(seed: 9)
        for _ in 0..<10_000 {
            let bytes = (0..<KeyedHash.tagBytes).map { _ in UInt8.random(in: 0...255, using: &random) }
            var other = bytes
            other[Int.random(in: 0..<bytes.count, using: &random)] ^= UInt8.random(in: 1...255, using: &random)
            #expect(KeyedHash.equal(bytes, bytes[...]) && !KeyedHash.equal(bytes, other[...]))
        }
    }

    /// Medians of turns about, so that whatever else runs on the machine slows down both. A comparison that ends at the first difference
    /// takes several times as long for the last byte as for the first.
    @Test func whereTheFirstDifferenceIsTakesNoTime() throws {
        let (token, value) = try makeToken()
        var first = value
        first[7] ^= 1
        var last = value
        last[last.count - 1] ^= 1
        let clock = ContinuousClock()
        var times: [[Duration]] = [[], []]
        for _ in 0..<20_001 {
            for (which, guess) in [first, last].enumerated() {
                let slice = guess[...]
                times[which].append(clock.measure { _ = token.matches(authorization: slice) })
            }
        }
        let medians = times.map { $0.sorted()[$0.count / 2] }
        let ratio = medians[1] / medians[0]
        #expect((0.8...1.25).contains(ratio), "\(medians)")
    }
}
