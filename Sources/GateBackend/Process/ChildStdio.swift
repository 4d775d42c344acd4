#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The gateway's ends of a child's three pipes: blocking, close-on-exec. Whoever takes them closes them.
package struct ChildStdio: Sendable, Equatable {
    /// For writing.
    package let stdin: Int32
    /// For reading.
    package let stdout: Int32
    /// For reading.
    package let stderr: Int32

    /// Closes all three. Call it once, and not if one of them has been handed on or closed.
    package func closeAll() {
        close(stdin)
        close(stdout)
        close(stderr)
    }
}
