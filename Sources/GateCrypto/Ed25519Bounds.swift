/// Which encodings of points and scalars of Ed25519 are accepted. Public values only, so time need not be constant.
enum Ed25519Bounds {
    /// Whether a scalar is below the order of the group (RFC 8032, 5.1.7): S and S + L verify the same otherwise.
    static func isReducedScalar(_ scalar: some Collection<UInt8>) -> Bool { isLess(scalar, order) }

    /// Whether y is below the field's prime.
    static func isCanonicalPoint(_ point: some Collection<UInt8>) -> Bool { isLess(withoutSign(point), prime) }

    /// The eight points whose order divides the cofactor. The sign of x does not matter: both of a pair are of small order.
    static func isSmallOrder(_ point: some Collection<UInt8>) -> Bool { smallOrder.contains(withoutSign(point)) }

    private static func withoutSign(_ point: some Collection<UInt8>) -> [UInt8] {
        var bytes = Array(point)
        if let last = bytes.popLast() { bytes.append(last & 0x7F) }
        return bytes
    }

    /// Compares numbers of 32 bytes, lowest first.
    private static func isLess(_ left: some Collection<UInt8>, _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        for (left, right) in zip(Array(left).reversed(), right.reversed()) where left != right { return left < right }
        return false
    }

    /// 2^252 + 27742317777372353535851937790883648493.
    static let order: [UInt8] = [
        0xED, 0xD3, 0xF5, 0x5C, 0x1A, 0x63, 0x12, 0x58, 0xD6, 0x9C, 0xF7, 0xA2, 0xDE, 0xF9, 0xDE, 0x14,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ]

    /// 2^255 - 19.
    private static let prime: [UInt8] = [0xED] + [UInt8](repeating: 0xFF, count: 30) + [0x7F]

    /// The values of y of these points: 0 and both of order 8, 1 and -1.
    static let smallOrder: [[UInt8]] = [
        [UInt8](repeating: 0, count: 32),
        [1] + [UInt8](repeating: 0, count: 31),
        [0xEC] + [UInt8](repeating: 0xFF, count: 30) + [0x7F],
        [
            0x26, 0xE8, 0x95, 0x8F, 0xC2, 0xB2, 0x27, 0xB0, 0x45, 0xC3, 0xF4, 0x89, 0xF2, 0xEF, 0x98, 0xF0,
            0xD5, 0xDF, 0xAC, 0x05, 0xD3, 0xC6, 0x33, 0x39, 0xB1, 0x38, 0x02, 0x88, 0x6D, 0x53, 0xFC, 0x05,
        ],
        [
            0xC7, 0x17, 0x6A, 0x70, 0x3D, 0x4D, 0xD8, 0x4F, 0xBA, 0x3C, 0x0B, 0x76, 0x0D, 0x10, 0x67, 0x0F,
            0x2A, 0x20, 0x53, 0xFA, 0x2C, 0x39, 0xCC, 0xC6, 0x4E, 0xC7, 0xFD, 0x77, 0x92, 0xAC, 0x03, 0x7A,
        ],
    ]
}
