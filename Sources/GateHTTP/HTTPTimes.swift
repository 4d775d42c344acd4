import NIOCore

/// The durations of `HTTPLimits` in the event loop's unit.
struct HTTPTimes: Sendable {
    let head: TimeAmount
    let body: TimeAmount
    let bodyRateGrace: TimeAmount
    let idle: TimeAmount
    let writeStall: TimeAmount
    let linger: TimeAmount

    init(_ limits: HTTPLimits) {
        head = TimeAmount(limits.headTime)
        body = TimeAmount(limits.bodyTime)
        bodyRateGrace = TimeAmount(limits.bodyRateGrace)
        idle = TimeAmount(limits.idleTime)
        writeStall = TimeAmount(limits.writeStallTime)
        linger = TimeAmount(limits.lingerTime)
    }

    /// Whether a request body has taken too long, in all or by its average rate.
    func isBodyLate(_ waited: TimeAmount, received: Int, minRate: Int) -> Bool {
        if waited >= body { return true }
        guard waited >= bodyRateGrace else { return false }
        return Double(received) < Double(minRate) * Double(waited.nanoseconds) / 1e9
    }
}
