import GateHTTP
import Synchronization

/// Requests of agents that are being answered, streams among them, so that they can be cut when an agent may not have the answer any more.
final class LiveExchanges: Sendable {
    private struct Entry {
        let principal: Principal
        let exchange: HTTPExchange
    }

    private let entries = Mutex<[ObjectIdentifier: Entry]>([:])

    func add(_ exchange: HTTPExchange, _ principal: Principal) {
        let key = ObjectIdentifier(exchange)
        entries.withLock { $0[key] = Entry(principal: principal, exchange: exchange) }
        exchange.onEnd { [weak self] in self?.remove(key) }
    }

    private func remove(_ key: ObjectIdentifier) {
        // What it holds is released outside the lock.
        let gone = entries.withLock { $0.removeValue(forKey: key) }
        _ = gone
    }

    var count: Int { entries.withLock { $0.count } }

    /// - Parameter isOver: whether this principal may not go on.
    func cut(_ isOver: (Principal) -> Bool) {
        let over = entries.withLock { entries in
            entries.values.filter { isOver($0.principal) }.map(\.exchange)
        }
        for exchange in over { exchange.abort(.accessEnded) }
    }
}
