#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The last descriptors are kept free: libdispatch opens a file now and then to look after its threads, and ends the whole process when
/// it gets none. New children and new clients are refused before that.
package enum DescriptorReserve {
    private static let kept: Int32 = 12

    /// A new child takes its pipes, both ends of each at first.
    private static let child: Int32 = 12

    static func checkRoomForChild(_ executable: String) throws(SpawnFailure) {
        if !hasRoom(for: child) { throw .resources(EMFILE, "start \(executable)") }
    }

    /// Whether so many more may be taken. The system gives out the lowest free number, so one number tells.
    package static func hasRoom(for count: Int32 = 1) -> Bool {
        var limit = rlimit()
        #if canImport(Glibc)
            let isKnown = getrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit) == 0
        #else
            let isKnown = getrlimit(RLIMIT_NOFILE, &limit) == 0
        #endif
        guard isKnown else { return true }
        let next = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0)
        guard next >= 0 else { return errno != EMFILE && errno != ENFILE }
        close(next)
        return Int64(next) + Int64(count) + Int64(kept) <= Int64(clamping: limit.rlim_cur)
    }
}
