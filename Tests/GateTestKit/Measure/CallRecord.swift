/// One call of a ``Load``, as its client saw it.
package struct CallRecord: Sendable {
    /// Which call of its load it was.
    package var number: Int
    /// When it was due, or when it was sent if the client itself was late.
    package var start: ContinuousClock.Instant
    package var end: ContinuousClock.Instant
    /// HTTP status; 0 when the connection broke or no answer came in time.
    package var status: Int
    /// The error code of the answer; `TOOL_ERROR` for a failed tool, empty for success, `NO_ANSWER` for none.
    package var code: String
    /// What a failed answer says about it; nil for success and for answers that say nothing.
    package var sent: Bool?
    package var retryable: Bool?
    package var hasRetryAfter: Bool

    package var isSuccess: Bool { status == 200 && code.isEmpty }
    package var duration: Duration { end - start }
}
