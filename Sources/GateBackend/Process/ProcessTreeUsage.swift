import CSpawn

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
#if canImport(Glibc)
    import Glibc
#endif

/// What the processes of a child's session use together.
package struct ProcessTreeUsage: Sendable, Equatable {
    package let processes: Int
    /// Bytes of memory. Pages shared by several processes count once in all (PSS), where the kernel tells.
    package let memory: UInt64
    /// User and system time since the start, with that of descendants that have ended and were waited for.
    package let cpuTime: Duration

    /// `nil` when the session is empty, and on systems other than Linux.
    package static func of(_ child: ChildProcess) -> ProcessTreeUsage? {
        #if os(Linux)
            let members = child.members
            guard !members.isEmpty else { return nil }
            let page = UInt64(max(sysconf(Int32(_SC_PAGESIZE)), 1))
            let ticksPerSecond = Double(max(sysconf(Int32(_SC_CLK_TCK)), 1))
            let ticks = members.reduce(UInt64(0)) { $0 &+ $1.cpu_ticks }
            return ProcessTreeUsage(
                processes: members.count,
                memory: members.reduce(0) { $0 &+ (proportionalSize($1.pid) ?? $1.resident_pages &* page) },
                cpuTime: .seconds(Double(ticks) / ticksPerSecond))
        #else
            return nil
        #endif
    }

    #if os(Linux)
        private static func proportionalSize(_ pid: Int32) -> UInt64? {
            let fd = csp_open_read("/proc/\(pid)/smaps_rollup")
            guard fd >= 0 else { return nil }
            defer { close(fd) }
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = buffer.withUnsafeMutableBytes { read(fd, $0.baseAddress, $0.count) }
            guard count > 0 else { return nil }
            for line in buffer.prefix(count).split(separator: UInt8(ascii: "\n")) where line.starts(with: "Pss:".utf8) {
                let digits = line.filter { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
                return UInt64(String(decoding: digits, as: UTF8.self)).map { $0 &* 1024 }
            }
            return nil
        }
    #endif
}
