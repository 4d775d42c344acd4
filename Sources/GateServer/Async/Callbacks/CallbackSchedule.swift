/// When a callback that was not taken is tried again: after a second, then ever later, for a day.
struct CallbackSchedule: Sendable {
    private static let pauses: [Duration] = [
        .seconds(1), .seconds(5), .seconds(30), .seconds(120), .seconds(600), .seconds(1_800),
    ]
    private static let longest = Duration.seconds(3_600)
    private static let life = Duration.seconds(86_400)

    private var attempts = 0
    private var spent = Duration.zero

    /// How long to wait after an attempt that failed; nil when it is given up.
    mutating func nextPause() -> Duration? {
        let pause =
            attempts < CallbackSchedule.pauses.count ? CallbackSchedule.pauses[attempts] : CallbackSchedule.longest
        attempts += 1
        spent += pause
        return spent <= CallbackSchedule.life ? pause : nil
    }
}
