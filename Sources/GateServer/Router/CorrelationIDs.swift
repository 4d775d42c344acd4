import Synchronization

/// Names calls so that an error a user sees is found in the log: a random prefix of this run, and a number.
final class CorrelationIDs: Sendable {
    private let prefix: String
    private let number = Atomic<UInt64>(0)

    init(seed: UInt32) { prefix = String(seed, radix: 36) }

    func next() -> String {
        prefix + "-" + String(number.wrappingAdd(1, ordering: .relaxed).newValue, radix: 36)
    }
}
