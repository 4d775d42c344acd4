package import GateProtocol
package import NIOCore

/// What happens during a call before its result.
package enum CallEvent: Sendable {
    /// Members of a progress notice without the token, as JSON text without braces: `"progress":1,"total":2`.
    case progress(ByteBuffer)
    /// A log message: the notice's `params` as JSON text of an object.
    case log(LogLevel, ByteBuffer)
    /// The backend asks something (up to 2025-11-25). Whoever gets it must see to it that it is answered.
    case question(BackendQuestion)
}

/// A caller that wants to know what happens during its call, and what it can be asked.
package struct CallListener: Sendable {
    package var wantsProgress: Bool
    /// What the caller can be asked; a backend is told of nothing else.
    package var capabilities: ClientCapabilities
    /// Log messages at or above it are passed on; nil for none.
    package var logLevel: LogLevel?
    /// Called on any thread; events of one call come in order. Must return quickly.
    package var onEvent: @Sendable (CallEvent) -> Void

    package init(
        wantsProgress: Bool = false, capabilities: ClientCapabilities = [], logLevel: LogLevel? = nil,
        onEvent: @escaping @Sendable (CallEvent) -> Void
    ) {
        self.wantsProgress = wantsProgress
        self.capabilities = capabilities
        self.logLevel = logLevel
        self.onEvent = onEvent
    }
}

/// The further round of a call to a backend of 2026-07-28 that answered `input_required`: what goes beside the same arguments.
package struct CallRound: Sendable {
    /// `inputResponses` as JSON text of an object; nil when nothing was asked.
    package var responses: ByteBuffer?
    /// `requestState` as JSON text of a string, exactly as the backend gave it; nil when it gave none.
    package var state: ByteBuffer?

    package init(responses: ByteBuffer?, state: ByteBuffer?) {
        self.responses = responses
        self.state = state
    }
}
