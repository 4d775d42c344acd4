/// How many calls there were, and how many of them failed.
package struct CallCount: Hashable, Sendable {
    package private(set) var calls: UInt64 = 0
    package private(set) var errors: UInt64 = 0

    package init() {}

    package mutating func record(failed: Bool) {
        calls += 1
        if failed { errors += 1 }
    }

    /// Part of the calls that failed, 0...1; 0 without calls.
    package var errorRate: Double { calls == 0 ? 0 : Double(errors) / Double(calls) }
}
