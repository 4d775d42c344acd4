/// When a call that failed may be tried again.
///
/// What was not sent: once more. What was sent: never, unless the tool is declared to do no harm when it is repeated, and then
/// twice more. Always within the deadline and the ``RetryBudget``, which are for the caller to check.
package struct RetryRule: Sendable {
    package enum Failure: Sendable {
        /// Not a byte has left.
        case notSent
        /// The process died, the connection broke, or HTTP 502, 503 or 504: the server may have done the work.
        case lostAfterSend
        /// Anything else: a timeout, a cancellation, an answer.
        case final
    }

    /// Whether the operator trusts the server's annotations and they say that the call may be repeated.
    package let isRepeatable: Bool
    private var repeatsAfterSend = 0
    private var repeatsUnsent = 0

    package init(isRepeatable: Bool) { self.isRepeatable = isRepeatable }

    package mutating func permits(_ failure: Failure) -> Bool {
        switch failure {
        case .notSent:
            guard repeatsUnsent + repeatsAfterSend < (isRepeatable ? 2 : 1) else { return false }
            repeatsUnsent += 1
            return true
        case .lostAfterSend:
            guard isRepeatable, repeatsUnsent + repeatsAfterSend < 2 else { return false }
            repeatsAfterSend += 1
            return true
        case .final: return false
        }
    }
}
