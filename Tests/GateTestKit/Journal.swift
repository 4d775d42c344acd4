import Dispatch
import Synchronization

/// Everything that happened, in order, for tests that wait for something to happen: no sleeping, no polling.
package final class Journal<Element: Sendable>: Sendable {
    package typealias Found = (index: Int, element: Element)

    private struct Waiter {
        var from: Int
        var matches: @Sendable (Element) -> Bool
        var continuation: CheckedContinuation<Found, any Error>
    }

    private struct State {
        var elements: [Element] = []
        var isEnded = false
        var waiters: [Int: Waiter] = [:]
        var lastWaiter = 0
    }

    private let state = Mutex(State())
    private let name: String

    package init(name: String) { self.name = name }

    package var all: [Element] { state.withLock { $0.elements } }
    package var isEnded: Bool { state.withLock { $0.isEnded } }

    package func append(_ element: Element) {
        let found = state.withLock { state -> [(Waiter, Int)] in
            state.elements.append(element)
            let index = state.elements.count - 1
            let hits = state.waiters.filter { index >= $0.value.from && $0.value.matches(element) }
            for hit in hits { state.waiters[hit.key] = nil }
            return hits.map { ($0.value, index) }
        }
        for (waiter, index) in found { waiter.continuation.resume(returning: (index, element)) }
    }

    /// Nothing more will come; whoever still waits gets an error.
    package func end() {
        let waiters = state.withLock { state in
            state.isEnded = true
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in waiters { waiter.continuation.resume(throwing: missing("ended")) }
    }

    /// The first element at or after `from` that matches, present or to come.
    /// - Throws: `TestKitError` when the time is up or the journal ends first; its text shows the last elements.
    package func first(
        from: Int = 0, within time: Duration = .seconds(20), where matches: @escaping @Sendable (Element) -> Bool
    ) async throws -> Found {
        try await withCheckedThrowingContinuation { continuation in
            let outcome = state.withLock { state -> Result<Found, any Error>? in
                if let index = state.elements.indices.dropFirst(from).first(where: { matches(state.elements[$0]) }) {
                    return .success((index, state.elements[index]))
                }
                if state.isEnded { return .failure(TestKitError("\(name): ended; \(Journal.tail(state.elements))")) }
                state.lastWaiter += 1
                state.waiters[state.lastWaiter] = Waiter(from: from, matches: matches, continuation: continuation)
                expire(state.lastWaiter, after: time)
                return nil
            }
            if let outcome { continuation.resume(with: outcome) }
        }
    }

    private func expire(_ number: Int, after time: Duration) {
        let nanoseconds = time.components.seconds * 1_000_000_000 + time.components.attoseconds / 1_000_000_000
        DispatchQueue.global().asyncAfter(deadline: .now() + .nanoseconds(Int(nanoseconds))) { [weak self] in
            guard let self, let waiter = state.withLock({ $0.waiters.removeValue(forKey: number) }) else { return }
            waiter.continuation.resume(throwing: missing("nothing within \(time)"))
        }
    }

    private func missing(_ what: String) -> TestKitError { TestKitError("\(name): \(what); \(Journal.tail(all))") }

    private static func tail(_ elements: [Element]) -> String {
        "\(elements.count) so far, the last: \(elements.suffix(5).map { String("\($0)".prefix(400)) })"
    }
}
