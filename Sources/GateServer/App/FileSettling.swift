package import GateCore

/// Decides when to look at a file that is being changed: when nothing has happened to it for a while. Editors write a
/// file in several steps, and a look in between would see half of it.
package struct FileSettling: Sendable {
    /// What to do next.
    package enum Action: Sendable, Equatable {
        case wait(until: Instant)
        case look
    }

    private let quiet: Duration
    private let most: Duration
    private var first: Instant?
    private var last: Instant?

    /// - Parameters:
    ///   - quiet: how long nothing must happen.
    ///   - most: after this time it is looked at although something happens all the time.
    package init(quiet: Duration = .milliseconds(200), most: Duration = .seconds(2)) {
        self.quiet = quiet
        self.most = most
    }

    /// Something has happened to the file.
    /// - Returns: when to call ``due(now:)``; nil when that is under way already.
    package mutating func changed(now: Instant) -> Instant? {
        last = now
        guard first == nil else { return nil }
        first = now
        return now.advanced(by: quiet)
    }

    /// The time that ``changed(now:)`` or the last `wait` named has come.
    package mutating func due(now: Instant) -> Action {
        guard let first, let last else { return .look }
        let rest = min(last.advanced(by: quiet), first.advanced(by: most))
        if now < rest { return .wait(until: rest) }
        self.first = nil
        self.last = nil
        return .look
    }
}
