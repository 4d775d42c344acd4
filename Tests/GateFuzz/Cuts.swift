/// Cuts an input into pieces in a way that depends on the input alone, so that a finding can be repeated.
struct Cuts: Sequence, IteratorProtocol {
    private let bytes: [UInt8]
    private var position = 0
    private var state: UInt32

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        state = bytes.reduce(2_166_136_261) { ($0 ^ UInt32($1)) &* 16_777_619 } | 1
    }

    mutating func next() -> ArraySlice<UInt8>? {
        guard position < bytes.count else { return nil }
        state = state &* 1_664_525 &+ 1_013_904_223
        let end = Swift.min(bytes.count, position + 1 + Int(state >> 28))
        defer { position = end }
        return bytes[position..<end]
    }
}
