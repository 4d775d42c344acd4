/// Bounds on what is taken from a child process, and on how long it may leave what it is sent unread.
package struct StdioLimits: Sendable, Hashable {
    /// The longest line of its stdout.
    package var lineBytes: Int
    /// Bytes of a longer line that are skipped before the child counts as broken.
    package var skipBytes: Int
    package var stderr: StderrRing.Limits
    /// How long a child may read nothing while something is waiting for it. Then it is replaced: nobody knows any more whether it
    /// will take the rest of a message that is half written.
    package var writeStall: Duration

    package init(
        lineBytes: Int = 16 * 1024 * 1024, skipBytes: Int = 32 * 1024 * 1024,
        stderr: StderrRing.Limits = StderrRing.Limits(), writeStall: Duration = .seconds(10)
    ) {
        self.lineBytes = lineBytes
        self.skipBytes = skipBytes
        self.stderr = stderr
        self.writeStall = writeStall
    }
}
