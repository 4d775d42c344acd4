/// How many wrong credentials an address may show in a minute, counted from the first. What it shows beyond that is not looked at until
/// the minute is over.
package struct FailureBudget: Sendable {
    private struct Minute {
        var ends: Instant
        var failures: Int
    }

    private let most: Int
    private var minutes: [ExactText: Minute] = [:]
    private static let length = Duration.seconds(60)
    private static let mostAddresses = 10_000
    /// Addresses beyond ``mostAddresses`` are counted together.
    private static let others = ExactText("")

    package init(perMinute: Int) { most = perMinute }

    /// For how long nothing of this address is looked at; nil when it is.
    package func wait(_ address: String, now: Instant) -> Duration? {
        guard !minutes.isEmpty, let minute = minutes[ExactText(address)] ?? overflow, minute.failures >= most,
            now < minute.ends
        else { return nil }
        return now.duration(to: minute.ends)
    }

    package mutating func failed(_ address: String, now: Instant) {
        var key = ExactText(address)
        if minutes[key] == nil, minutes.count >= FailureBudget.mostAddresses {
            minutes = minutes.filter { now < $0.value.ends }
            if minutes.count >= FailureBudget.mostAddresses { key = FailureBudget.others }
        }
        var minute = minutes[key] ?? Minute(ends: now.advanced(by: FailureBudget.length), failures: 0)
        if now >= minute.ends { minute = Minute(ends: now.advanced(by: FailureBudget.length), failures: 0) }
        minute.failures += 1
        minutes[key] = minute
    }

    private var overflow: Minute? {
        minutes.count > FailureBudget.mostAddresses ? minutes[FailureBudget.others] : nil
    }
}
