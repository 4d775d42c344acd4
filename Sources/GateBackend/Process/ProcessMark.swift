import CSpawn

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A variable in the environment of a child, by which its descendants are known even after they have left its session and lost their
/// parents. A program that clears its environment gets rid of it.
package struct ProcessMark: Sendable, Hashable {
    package static let name = "STONEGATE_CHILD"

    package let value: String

    /// A mark of its own for each child.
    package init() { value = String(UInt64.random(in: .min ... .max), radix: 36) }

    var text: String { "\(ProcessMark.name)=\(value)" }

    /// False also for processes that may not be looked at, and on systems other than Linux.
    func isBorne(by pid: Int32) -> Bool {
        let fd = csp_open_read("/proc/\(pid)/environ")
        guard fd >= 0 else { return false }
        defer { close(fd) }
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while content.count < 1 << 20 {
            let count = read(fd, &chunk, chunk.count)
            guard count > 0 else { break }
            content += chunk.prefix(count)
        }
        let wanted = Array(text.utf8)
        return content.split(separator: 0).contains { $0.elementsEqual(wanted) }
    }
}
