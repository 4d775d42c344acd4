import GateBackend
package import GateCore
package import GateProtocol
import GateStore
package import NIOCore

/// What became of a call: what its server said, or why there is nothing.
package enum AsyncOutcome: Sendable {
    case reply(CallReply)
    case error(GateError)

    /// How a call ends that has this outcome.
    package var end: AsyncCallEnd {
        switch self {
        case .reply: .complete
        case .error(let error):
            switch error.code {
            case .cancelled: .cancelled
            case .timeout, .backendDied, .outcomeUnknown: error.sent ? .outcomeUnknown : .failed
            default: .failed
            }
        }
    }
}

/// What whoever submitted a call wants to find again when it asks for it.
package struct AsyncCallNote: Sendable {
    /// It came through `gate_call`: every failure becomes a failed result.
    package var isIndirect = false
    /// The submitter's own token for progress, as JSON text.
    package var progressToken: ByteBuffer?

    package init() {}
}

/// What is known of an asynchronous call.
package struct AsyncCallRecord: Sendable {
    package let id: AsyncCallID
    /// Rises from call to call: the order in which they were accepted.
    package let sequence: UInt64
    /// Who submitted it. For everybody else it does not exist.
    package let owner: InstanceOwner
    package let agent: String
    package let server: String
    package let tool: String
    package var note: AsyncCallNote
    package var status: AsyncCallStatus
    /// Rises with every change of the record.
    package var revision: UInt64
    /// Milliseconds since 1970.
    package let createdAt: Int
    package var updatedAt: Int
    /// Milliseconds since 1970 from which on it is not kept any more; before the end, the latest that this can be.
    package var expiresAt: Int
    /// Set once it has ended; nil in lists.
    package var outcome: AsyncOutcome?
}

extension AsyncCallRecord {
    init(_ call: StoredCall) {
        id = call.id
        sequence = call.sequence
        owner = call.owner
        agent = call.agent
        server = call.server
        tool = call.tool
        status = call.status
        revision = call.revision
        createdAt = call.createdAt
        updatedAt = call.updatedAt
        expiresAt = call.expiresAt
        note = AsyncCallNote()
        guard let bytes = call.outcome else { return }
        guard let kept = KeptOutcome(bytes) else {
            outcome = .error(
                GateError(
                    .storageFailed,
                    "The call has ended (\(call.status.rawValue)), but what is kept of it cannot be read.",
                    server: call.server, tool: call.tool, sent: true))
            return
        }
        outcome = kept.outcome
        note.isIndirect = kept.isIndirect
    }
}

/// A call as its owner sees it at one moment.
package struct AsyncCallView: Sendable {
    package let record: AsyncCallRecord
    /// The newest progress: members of a progress notice without the token, as JSON text without braces.
    package var progress: ByteBuffer?
    /// What the server wants to know, in the order in which it asked.
    package var questions: [AsyncQuestion] = []

    package var id: AsyncCallID { record.id }
    package var status: AsyncCallStatus { record.status }
    package var outcome: AsyncOutcome? { record.outcome }
    /// Milliseconds from the creation to the moment from which on it is not kept.
    package var ttl: Int { max(0, record.expiresAt - record.createdAt) }
}
