/// What one holder has of a budget. A value: its owner keeps it where the bytes are kept, and sets it to zero with them.
package struct MemoryCharge: Sendable {
    private let budget: MemoryBudget?
    package private(set) var bytes = 0

    /// - Parameter budget: nil counts nothing.
    package init(_ budget: MemoryBudget?) { self.budget = budget }

    /// The holder has so many bytes now.
    package mutating func set(_ bytes: Int) {
        guard bytes != self.bytes else { return }
        budget?.charge(bytes - self.bytes)
        self.bytes = bytes
    }
}
