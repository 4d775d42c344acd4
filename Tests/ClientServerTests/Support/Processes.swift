import GateTestKit

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Other processes of this machine.
enum Processes {
    static func kill(_ pid: Int) -> Bool { signal(pid, SIGKILL) }

    /// Waits for the end of a process that is nobody's child here.
    static func gone(_ pid: Int, within time: Duration = .seconds(3)) async throws -> Bool {
        let watch = try Program("/usr/bin/tail", ["--pid=\(pid)", "-s", "0.02", "-f", "/dev/null"])
        return (try? await watch.exit(within: time)) == .code(0)
    }

    private static func signal(_ pid: Int, _ number: Int32) -> Bool {
        #if canImport(Glibc)
            Glibc.kill(pid_t(pid), number) == 0
        #else
            Darwin.kill(pid_t(pid), number) == 0
        #endif
    }
}
