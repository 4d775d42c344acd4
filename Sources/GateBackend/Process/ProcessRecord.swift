import CSpawn

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Names a child across restarts of the gateway, for a file from which the next start cleans up.
package struct ProcessRecord: Sendable, Codable, Hashable {
    package let pid: Int32
    package let startTime: UInt64
    /// Start times count from boot, so that they mean something only until the next one.
    package let bootID: String

    package init(pid: Int32, startTime: UInt64, bootID: String) {
        self.pid = pid
        self.startTime = startTime
        self.bootID = bootID
    }

    package init(_ child: ChildProcess) {
        self.init(pid: child.pid, startTime: child.startTime, bootID: Self.currentBootID)
    }

    /// SIGKILL for what is left of the recorded session. Touches nothing if the number has come to mean another process
    /// or the machine was started anew. Returns how many processes were signalled; call it again until that is 0.
    @discardableResult
    package func sweep() -> Int {
        guard bootID == Self.currentBootID else { return 0 }
        return Int(csp_signal_session(pid, startTime, 0, SIGKILL))
    }

    /// Empty where start times do not depend on the boot (macOS).
    package static let currentBootID: String = {
        let fd = csp_open_read("/proc/sys/kernel/random/boot_id")
        guard fd >= 0 else { return "" }
        defer { close(fd) }
        var buffer = [UInt8](repeating: 0, count: 64)
        let count = buffer.withUnsafeMutableBytes { read(fd, $0.baseAddress, $0.count) }
        return String(decoding: buffer.prefix(max(count, 0)).prefix { $0 > 0x20 }, as: UTF8.self)
    }()
}
