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

    package init(processes: Int, memory: UInt64, cpuTime: Duration) {
        self.processes = processes
        self.memory = memory
        self.cpuTime = cpuTime
    }

    package static func + (left: ProcessTreeUsage, right: ProcessTreeUsage) -> ProcessTreeUsage {
        ProcessTreeUsage(
            processes: left.processes + right.processes, memory: left.memory &+ right.memory,
            cpuTime: left.cpuTime + right.cpuTime)
    }

    /// The sessions that children of this process lead, by their numbers. Empty on systems other than Linux.
    static func ofOwnChildren() -> [Int32: (startTime: UInt64, usage: ProcessTreeUsage)] {
        #if os(Linux)
            let all = ProcessTable.all()
            let own = getpid()
            let leaders = Dictionary(
                all.lazy.filter { $0.parent == own && $0.session == $0.pid }.map { ($0.pid, $0.start_time) },
                uniquingKeysWith: { first, _ in first })
            var exactLooks = mostExactLooks
            return Dictionary(grouping: all.filter { leaders[$0.session] != nil }, by: \.session).mapValues { members in
                (members.first.flatMap { leaders[$0.session] } ?? 0, of(members, &exactLooks))
            }
        #else
            return [:]
        #endif
    }

    #if os(Linux)
        /// The kernel walks through a process's memory to tell its share: beyond so many, resident sizes have to do.
        private static let mostExactLooks = 500

        private static func of(_ members: [csp_process], _ exactLooks: inout Int) -> ProcessTreeUsage {
            let page = UInt64(max(sysconf(Int32(_SC_PAGESIZE)), 1))
            let ticksPerSecond = Double(max(sysconf(Int32(_SC_CLK_TCK)), 1))
            let ticks = members.reduce(UInt64(0)) { $0 &+ $1.cpu_ticks }
            var memory: UInt64 = 0
            for member in members {
                exactLooks -= 1
                memory &+= (exactLooks >= 0 ? proportionalSize(member.pid) : nil) ?? member.resident_pages &* page
            }
            return ProcessTreeUsage(
                processes: members.count, memory: memory, cpuTime: .seconds(Double(ticks) / ticksPerSecond))
        }
    #endif

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
