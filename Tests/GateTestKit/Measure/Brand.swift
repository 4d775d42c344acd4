#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A mark in the environment of every process that a test's servers start, so that their descendants are found wherever
/// they have gone.
package struct Brand: Sendable {
    package static let variable = "FAULT_BRAND"
    package let value = String(UInt64.random(in: .min ... .max), radix: 36)

    package init() {}

    /// Processes that bear it and have not ended.
    package var bearers: [Int32] {
        let mark = "\(Brand.variable)=\(value)"
        return ProcFS.list("/proc").compactMap { Int32($0) }.filter { pid in
            ProcFS.text("/proc/\(pid)/environ").split(separator: "\0").contains { $0 == mark }
        }
    }

    /// Number of process groups among them: what the gateway has started, without descendants.
    package var groups: Int { Set(bearers.compactMap { ProcFS.fields(of: $0).dropFirst(2).first }).count }

    /// Waits until none is left.
    /// - Returns: how long it took; nil when some were left.
    package func gone(within time: Duration) async throws -> Duration? {
        try await Sampling.until(within: time) { bearers.isEmpty }
    }
}
