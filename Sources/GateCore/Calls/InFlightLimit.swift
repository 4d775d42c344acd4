/// How many calls of one principal (agent) are under way at once, over all backends: 32.
package struct InFlightLimit: Sendable {
    private let limit: Int
    private var counts: [ExactText: Int] = [:]

    package init(limit: Int = 32) {
        self.limit = max(1, limit)
    }

    /// Principals with calls under way.
    package var principals: Int { counts.count }

    package func inFlight(_ principal: ExactText) -> Int { counts[principal] ?? 0 }

    /// True if the call may begin; then ``leave(_:)`` must follow. False means `OVERLOADED`.
    package mutating func enter(_ principal: ExactText) -> Bool {
        let count = counts[principal] ?? 0
        guard count < limit else { return false }
        counts[principal] = count + 1
        return true
    }

    package mutating func leave(_ principal: ExactText) {
        guard let count = counts[principal] else { return }
        counts[principal] = count > 1 ? count - 1 : nil
    }
}
