import GateCore

/// The provider's keys as they are known here, and when to ask for them again. A value; time is an input.
struct KeyRing: Sendable {
    /// How long keys count when the provider cannot be asked.
    static let longest = Duration.seconds(86_400)
    /// Two questions are at least so far apart, whatever tokens say: unknown names of keys are not a way to make the gateway ask.
    static let pause = Duration.seconds(30)

    /// What to do about keys that are wanted and not here.
    enum Step: Equatable {
        case ask
        /// Somebody asks already.
        case wait
        /// For this long nobody asks.
        case refuse(Duration)
    }

    private var keys: KeySet?
    private var taken: Instant?
    private(set) var asked: Instant?
    private(set) var isAsking = false
    /// Keys older than this are asked for again before anybody misses one: what the provider has taken back ends then.
    private let period: Duration

    init(period: Duration) { self.period = period }

    /// - Returns: nil when there are none, or they are too old.
    func current(now: Instant) -> KeySet? {
        guard let taken, taken.duration(to: now) <= KeyRing.longest else { return nil }
        return keys
    }

    /// For how long nobody is asked; nil when somebody is being asked, or can be.
    func pause(now: Instant) -> Duration? {
        guard !isAsking, let asked else { return nil }
        let passed = asked.duration(to: now)
        return passed < KeyRing.pause ? KeyRing.pause - passed : nil
    }

    /// A key is wanted that is not among them.
    mutating func want(now: Instant) -> Step {
        if isAsking { return .wait }
        if let pause = pause(now: now) { return .refuse(pause) }
        begin(now)
        return .ask
    }

    /// Time has passed.
    ///
    /// - Returns: whether to ask now.
    mutating func tick(now: Instant) -> Bool {
        guard !isAsking, pause(now: now) == nil else { return false }
        guard taken.map({ $0.duration(to: now) >= period }) ?? true else { return false }
        begin(now)
        return true
    }

    /// The operator wants it.
    mutating func demand(now: Instant) -> Bool {
        guard !isAsking else { return false }
        begin(now)
        return true
    }

    private mutating func begin(_ now: Instant) {
        isAsking = true
        asked = now
    }

    /// - Parameter found: nil when the provider gave none: then those that are here stay.
    mutating func answered(_ found: KeySet?, now: Instant) {
        isAsking = false
        guard let found else { return }
        keys = found
        taken = now
    }
}
