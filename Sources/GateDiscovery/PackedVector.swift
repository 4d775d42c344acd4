/// A vector in int8, for fast comparison: value = `scale` * component.
struct PackedVector: Sendable {
    let components: [Int8]
    let scale: Float

    init(_ vector: [Float]) {
        let peak = vector.reduce(0) { max($0, abs($1)) }
        scale = peak / 127
        components = vector.map { peak > 0 ? Int8(($0 / peak * 127).rounded()) : 0 }
    }
}
