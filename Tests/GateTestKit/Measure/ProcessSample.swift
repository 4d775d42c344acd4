#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What one process holds at one moment, from procfs: Linux only, zeros elsewhere.
package struct ProcessSample: Sendable, Equatable {
    /// Open descriptors.
    package var descriptors = 0
    package var threads = 0
    /// Live children.
    package var children = 0
    /// Children that have ended and were not waited for.
    package var zombies = 0
    /// Bytes of resident memory.
    package var resident = 0
    /// Seconds of processor time since its start, without its children's.
    package var processorTime = 0.0
    /// The same of children that were waited for.
    package var childrenTime = 0.0

    package init(of pid: Int32) {
        descriptors = ProcFS.list("/proc/\(pid)/fd").count
        let status = ProcFS.text("/proc/\(pid)/status")
        threads = ProcFS.number("Threads:", in: status)
        resident = ProcFS.number("VmRSS:", in: status) * 1024
        let fields = ProcFS.fields(of: pid)
        let ticks = Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
        func ticked(_ index: Int) -> Double { fields.indices.contains(index) ? Double(fields[index]) ?? 0 : 0 }
        processorTime = (ticked(11) + ticked(12)) / ticks
        childrenTime = (ticked(13) + ticked(14)) / ticks
        for child in ProcFS.children(of: pid) {
            if ProcFS.fields(of: child).first == "Z" { zombies += 1 } else { children += 1 }
        }
    }

    /// What has to be the same before and after: everything that can leak and is a count.
    package var holdings: String {
        "\(descriptors) descriptors, \(threads) threads, \(children) children, \(zombies) zombies"
    }

    /// Whether nothing is held that `before` did not hold. Of idle worker threads there may be fewer.
    /// - Parameter connections: how many kept-alive connections may have come in addition.
    package func isBack(at before: ProcessSample, connections: Int = 0) -> Bool {
        (before.descriptors...(before.descriptors + connections)).contains(descriptors) && children == before.children
            && zombies == before.zombies
            && threads <= before.threads
    }

    package var megabytes: Double { Double(Int(Double(resident) / 1048576 * 10)) / 10 }
}

/// Reading procfs.
enum ProcFS {
    static func text(_ path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16384)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            guard count > 0 else { break }
            bytes += chunk.prefix(count)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    static func list(_ path: String) -> [String] { (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] }

    static func number(_ name: String, in status: String) -> Int {
        guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix(name) }) else { return 0 }
        return Int(line.dropFirst(name.count).drop { $0 == " " || $0 == "\t" }.prefix { $0.isNumber }) ?? 0
    }

    /// The fields of `/proc/PID/stat` behind the name: state, parent, group, session …
    static func fields(of pid: Int32) -> [Substring] {
        let line = text("/proc/\(pid)/stat")
        guard let end = line.lastIndex(of: ")") else { return [] }
        return line[line.index(after: end)...].split(separator: " ")
    }

    static func children(of pid: Int32) -> [Int32] {
        list("/proc/\(pid)/task").flatMap { thread in
            text("/proc/\(pid)/task/\(thread)/children").split(separator: " ").compactMap { Int32($0) }
        }
    }
}
