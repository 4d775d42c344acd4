import GateTestKit
import Synchronization

/// Injects one fault after the other.
final class Injector: Sendable {
    private let town: Town
    private let seed: UInt64
    private let end: ContinuousClock.Instant
    private let injected = Mutex<[Fault: Int]>([:])

    init(town: Town, seed: UInt64, end: ContinuousClock.Instant) {
        self.town = town
        self.seed = seed
        self.end = end
    }

    var count: Int { injected.withLock { $0.values.reduce(0, +) } }

    func run() async throws -> [Fault: Int] {
        var random = SeededRandom(seed: seed)
        var number = 0
        while ContinuousClock.now < end {
            // Each of them first, then by chance.
            let all = Fault.allCases
            let fault = number < all.count ? all[number] : all[random.next(in: 0...(all.count - 1))]
            number += 1
            if try await fault.inject(into: town, random: &random) {
                injected.withLock { $0[fault, default: 0] += 1 }
            }
            let pause = Duration.milliseconds(random.next(in: 20...250))
            try await offPool { Sampling.rest(pause) }
        }
        return injected.withLock { $0 }
    }
}
