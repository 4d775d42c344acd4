/// Makes inputs out of inputs, the same ones for the same seed.
package struct Mutator {
    private var state: UInt64
    private let corpus: [[UInt8]]

    /// - Parameter corpus: what the inputs are made of.
    package init(corpus: [[UInt8]], seed: UInt64) {
        self.corpus = corpus.isEmpty ? [[]] : corpus
        state = seed
    }

    private mutating func random(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return bound > 0 ? Int((state >> 33) % UInt64(bound)) : 0
    }

    /// The next input.
    package mutating func next() -> [UInt8] {
        var input = corpus[random(corpus.count)]
        for _ in 0...random(4) { mutate(&input) }
        return input
    }

    private mutating func mutate(_ input: inout [UInt8]) {
        let place = random(input.count + 1)
        switch random(7) {
        case 0 where place < input.count: input[place] = UInt8(truncatingIfNeeded: random(256))
        case 1 where place < input.count: input[place] ^= 1 << UInt8(random(8))
        case 2: input.insert(Mutator.marks[random(Mutator.marks.count)], at: place)
        case 3 where place < input.count: input.removeSubrange(place..<min(input.count, place + 1 + random(8)))
        case 4: input.removeSubrange(place...)
        case 5:
            // A piece of another one.
            let other = corpus[random(corpus.count)]
            let start = random(other.count + 1)
            input.insert(contentsOf: other[start..<min(other.count, start + random(40))], at: place)
        default:
            let end = min(input.count, place + random(24))
            input.insert(contentsOf: input[place..<end], at: place)
        }
        if input.count > 8192 { input.removeSubrange(8192...) }
    }

    /// Bytes that mean something to one of the readers.
    private static let marks =
        Array("{}[]\",:\\\n\r 0-9eE.+utfn\u{0}\u{7F}".utf8) + [0xEF, 0xBB, 0xBF, 0xC0, 0xED, 0xF4, 0xFF]
}
