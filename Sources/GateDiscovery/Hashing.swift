/// 64-bit FNV-1a with a final mix. The index keeps these in place of strings; a collision costs a wrong rank, never a failure.
struct Hashing {
    private(set) var state: UInt64

    /// - Parameter space: keeps equal bytes of different kinds (a stem, a whole name) apart.
    init(space: UInt8 = 0) {
        state = (0xcbf2_9ce4_8422_2325 ^ UInt64(space)) &* 0x100_0000_01b3
    }

    mutating func add(_ byte: UInt8) {
        state = (state ^ UInt64(byte)) &* 0x100_0000_01b3
    }

    mutating func add(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { add(byte) }
    }

    var value: UInt64 {
        var x = state
        x ^= x >> 32
        x = x &* 0xd6e8_feb8_6659_fd93
        x ^= x >> 32
        return x
    }

    static func hash(_ bytes: some Sequence<UInt8>, space: UInt8 = 0) -> UInt64 {
        var hashing = Hashing(space: space)
        hashing.add(bytes)
        return hashing.value
    }
}
