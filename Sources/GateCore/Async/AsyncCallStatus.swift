/// Where an asynchronous call stands, as its owner is told.
package enum AsyncCallStatus: String, Sendable, Hashable, CaseIterable {
    /// Accepted; nothing has been sent.
    case queued
    case running
    /// It waits for an answer of its owner.
    case inputRequired = "input_required"
    /// The server answered; a result that says `isError` is one too.
    case complete
    case failed
    case cancelled
    /// It was sent, and whether it took effect is not known.
    case outcomeUnknown = "outcome_unknown"

    /// How the call ended; nil while it has not.
    package var end: AsyncCallEnd? {
        switch self {
        case .queued, .running, .inputRequired: nil
        case .complete: .complete
        case .failed: .failed
        case .cancelled: .cancelled
        case .outcomeUnknown: .outcomeUnknown
        }
    }
}

/// The ways in which a call ends. It ends once.
package enum AsyncCallEnd: Sendable, Hashable, CaseIterable {
    case complete
    case failed
    case cancelled
    case outcomeUnknown

    package var status: AsyncCallStatus {
        switch self {
        case .complete: .complete
        case .failed: .failed
        case .cancelled: .cancelled
        case .outcomeUnknown: .outcomeUnknown
        }
    }
}
