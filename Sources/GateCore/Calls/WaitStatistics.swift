/// What waiting for one backend has cost so far.
package struct WaitStatistics: Hashable, Sendable {
    /// Calls that waited and then ran.
    package internal(set) var waited: UInt64 = 0
    /// Their waiting time in all.
    package internal(set) var totalWait: Duration = .zero
    package internal(set) var longestWait: Duration = .zero
    /// Calls refused because the queue was full or their deadline had come.
    package internal(set) var rejected: UInt64 = 0
    /// Calls whose deadline came while they waited.
    package internal(set) var expired: UInt64 = 0
    /// Calls whose caller gave up while they waited.
    package internal(set) var cancelled: UInt64 = 0
    /// Most calls that ever waited at once.
    package internal(set) var mostWaiting = 0

    package var averageWait: Duration {
        waited == 0 ? .zero : totalWait.scaled(by: 1 / Double(waited))
    }

    package init() {}

    /// Takes in what waiting for another instance has cost.
    package mutating func add(_ other: WaitStatistics) {
        waited &+= other.waited
        totalWait += other.totalWait
        longestWait = max(longestWait, other.longestWait)
        rejected &+= other.rejected
        expired &+= other.expired
        cancelled &+= other.cancelled
        mostWaiting = max(mostWaiting, other.mostWaiting)
    }

    mutating func noteWait(_ wait: Duration) {
        waited &+= 1
        totalWait += wait
        longestWait = max(longestWait, wait)
    }

    mutating func noteWaiting(_ count: Int) {
        mostWaiting = max(mostWaiting, count)
    }
}
