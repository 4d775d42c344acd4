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
}
