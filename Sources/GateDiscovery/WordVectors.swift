import CDiscoveryTable

/// Static word vectors: a text's meaning is the sum of its pieces' vectors.
struct WordVectors: Sendable {
    static let shared = WordVectors()

    /// Values of one vector.
    let dimension: Int
    /// The mean length over the words of the vocabulary.
    private static let usualLength: Float = 3
    private let rowCount: Int
    nonisolated(unsafe) private let table: UnsafeRawBufferPointer

    private init() {
        let bytes = cdt_table()
        table = UnsafeRawBufferPointer(start: bytes.start, count: bytes.count)
        rowCount = WordPieces.shared.count
        dimension = rowCount == 0 ? 0 : bytes.count / rowCount - 4
    }

    /// Adds `weight` times the vector of `token` to `sum`.
    func add(_ token: Int, weight: Float, to sum: inout [Float]) {
        let scale = weight * scale(of: token)
        let row = row(of: token)
        sum.withUnsafeMutableBufferPointer { sum in
            for index in 0..<dimension { sum[index] += scale * Float(row[index]) }
        }
    }

    /// The vector of a text, of length 1 (all zero when no word of it is known).
    func vector(of text: String) -> [Float] {
        var sum = [Float](repeating: 0, count: dimension)
        for token in WordPieces.shared.tokens(of: text) { add(token, weight: 1, to: &sum) }
        return Self.normalized(sum)
    }

    /// The length of the vector of one folded word beside that of a usual word, 0.3...2; unknown words have 1.
    func significance(of word: [UInt8]) -> Float {
        var tokens: [Int] = []
        WordPieces.shared.tokenize(word, into: &tokens)
        guard !tokens.isEmpty else { return 1 }
        var sum = [Float](repeating: 0, count: dimension)
        for token in tokens { add(token, weight: 1, to: &sum) }
        let length = sum.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return min(max(length / Self.usualLength, 0.3), 2)
    }

    private func scale(of token: Int) -> Float {
        precondition(token >= 0 && token < rowCount)
        return Float(bitPattern: UInt32(littleEndian: table.loadUnaligned(fromByteOffset: token * 4, as: UInt32.self)))
    }

    private func row(of token: Int) -> UnsafeBufferPointer<Int8> {
        let start = rowCount * 4 + token * dimension
        return UnsafeRawBufferPointer(rebasing: table[start..<start + dimension]).assumingMemoryBound(to: Int8.self)
    }

    static func normalized(_ vector: [Float]) -> [Float] {
        let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return length > 0 ? vector.map { $0 / length } : vector
    }
}
