import Synchronization

/// Counts the calls that are with a backend. Once closed it lets no more in, and tells when the last one has left.
///
/// On the way of every call, so it is one atomic number: the calls, and a high bit for "closed".
final class CallGate: Sendable {
    private static let closed = 1 << 62

    private let count = Atomic<Int>(0)
    private let whenEmpty = Mutex<[@Sendable () -> Void]>([])

    /// Calls inside.
    var calls: Int { count.load(ordering: .relaxed) & (CallGate.closed - 1) }

    /// - Returns: false when the gate is closed. Otherwise ``leave()`` must follow.
    func enter() -> Bool {
        if count.wrappingAdd(1, ordering: .acquiring).oldValue < CallGate.closed { return true }
        leave()
        return false
    }

    func leave() {
        if count.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == CallGate.closed { tell() }
    }

    /// Lets no more calls in. May be closed more than once, each time with somebody else to tell.
    ///
    /// - Parameter whenEmpty: called once, at once when nobody is inside, else by the call that leaves last.
    func close(_ whenEmpty: @escaping @Sendable () -> Void) {
        self.whenEmpty.withLock { $0.append(whenEmpty) }
        let before = count.bitwiseOr(CallGate.closed, ordering: .acquiringAndReleasing).oldValue
        if before == 0 || before == CallGate.closed { tell() }
    }

    private func tell() {
        let told = whenEmpty.withLock { told in
            defer { told = [] }
            return told
        }
        for body in told { body() }
    }
}
