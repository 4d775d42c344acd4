/// How long each step of ending a child may take. Defaults: 2 s, 3 s and 1 s.
package struct StopLadder: Sendable, Equatable {
    /// Between the end of stdin and SIGTERM.
    package var afterStdinClosed: Duration
    /// Between SIGTERM and SIGKILL.
    package var afterTerminate: Duration
    /// How long to wait for the kernel to bury what was killed, before it is reported as surviving.
    package var afterKill: Duration

    package init(
        afterStdinClosed: Duration = .seconds(2), afterTerminate: Duration = .seconds(3),
        afterKill: Duration = .seconds(1)
    ) {
        self.afterStdinClosed = afterStdinClosed
        self.afterTerminate = afterTerminate
        self.afterKill = afterKill
    }
}

/// What it took to end a child, and what is left of it.
package struct StopReport: Sendable, Equatable {
    package enum Step: Sendable, Equatable { case stdinClosed, terminated, killed }

    /// The last step that was needed.
    package let step: Step
    /// `nil` if the child could not be ended.
    package let status: ProcessExit?
    /// Processes of the child's session that outlived SIGKILL, usually stuck in a system call.
    package let survivors: [Int32]
    /// Living descendants that had left the child's session. They are not touched: some programs start services on
    /// purpose. Found by the child's mark, if it has one; otherwise only while their parents lived.
    package let escaped: [Int32]
}
