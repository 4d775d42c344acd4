package import GateProtocol
package import NIOCore
import Synchronization

/// A request that a backend of the session revisions sends in the middle of a call: it waits until somebody answers.
///
/// Answered once, by whoever comes first; what comes later is ignored. While a question of a call is open, the call's own time
/// stands still; the question has its own (`limits.question_timeout`), after which it is answered with an error by itself.
package final class BackendQuestion: Sendable {
    package enum Answer: Sendable {
        /// The result as JSON text of an object.
        case result(ByteBuffer)
        case error(code: Int, message: String)
    }

    private struct State {
        var onAnswer: (@Sendable (Answer) -> Void)?
        var onWithdrawal: (@Sendable () -> Void)?
        var isWithdrawn = false
    }

    /// `elicitation/create`, `sampling/createMessage` or `roots/list`.
    package let method: StaticString
    /// The request's `params` as JSON text of an object, as the backend wrote them.
    package let params: ByteBuffer
    /// What the agent must have declared to be asked this.
    package let needs: ClientCapabilities
    private let state: Mutex<State>

    /// - Parameter onAnswer: called at most once, on any thread.
    package init(
        method: StaticString, params: ByteBuffer, needs: ClientCapabilities,
        onAnswer: @escaping @Sendable (Answer) -> Void
    ) {
        self.method = method
        self.params = params
        self.needs = needs
        state = Mutex(State(onAnswer: onAnswer))
    }

    package var isOpen: Bool { state.withLock { $0.onAnswer != nil } }

    /// - Returns: whether it was still open.
    @discardableResult
    package func answer(_ answer: Answer) -> Bool {
        let (handler, gone) = state.withLock { state in
            defer { state.onWithdrawal = nil }
            return (state.onAnswer.take(), state.onWithdrawal)
        }
        _ = gone
        handler?(answer)
        return handler != nil
    }

    /// What the backend is told when nobody answers: a person who does not answer has cancelled, for the rest there is only an error.
    package func unanswered(_ why: String) -> Answer {
        method.isSame(as: MCPMethod.elicit)
            ? .result(ByteBuffer(string: #"{"action":"cancel"}"#))
            : .error(code: RPCCode.internalError, message: why)
    }

    /// Nobody needs the answer any more: the backend took the question back, the call has ended, or its time is over.
    package func withdraw() {
        let (handler, told) = state.withLock { state in
            guard state.onAnswer != nil else {
                return (nil as (@Sendable (Answer) -> Void)?, nil as (@Sendable () -> Void)?)
            }
            state.isWithdrawn = true
            return (state.onAnswer.take(), state.onWithdrawal.take())
        }
        _ = handler
        told?()
    }

    /// Sets what is called, once, when the question is withdrawn before it was answered; at once when that is so already.
    package func onWithdrawal(_ body: @escaping @Sendable () -> Void) {
        let isLate = state.withLock { state in
            if state.onAnswer != nil { state.onWithdrawal = body }
            return state.isWithdrawn
        }
        if isLate { body() }
    }
}
