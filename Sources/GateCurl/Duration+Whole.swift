extension Duration {
    /// Rounded up; out-of-range values become the nearest bound. libcurl takes 32 bits in places.
    var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        let bounded = min(max(seconds, 0), 2_000_000)
        return bounded == seconds
            ? Int(seconds) * 1000 + Int((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
            : Int(bounded) * 1000
    }

    var wholeSeconds: Int { (wholeMilliseconds + 999) / 1000 }
}
