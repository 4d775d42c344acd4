import Synchronization

/// Counts the open connections, for all event loops of a server.
final class ConnectionLimiter: Sendable {
    private struct Counts {
        var total = 0
        var byAddress: [String: Int] = [:]
    }

    private let counts = Mutex(Counts())
    private let limits: HTTPLimits

    init(limits: HTTPLimits) {
        self.limits = limits
    }

    var connectionCount: Int { counts.withLock { $0.total } }

    /// - Returns: whether there is room for one more connection from this address; if so it is counted until `release`.
    func acquire(address: String, isLoopback: Bool) -> Bool {
        let most = isLoopback ? limits.maxConnectionsPerLoopbackAddress : nil
        return counts.withLock { counts in
            let sameAddress = counts.byAddress[address, default: 0]
            guard counts.total < limits.maxConnections, sameAddress < most ?? limits.maxConnectionsPerAddress else {
                return false
            }
            counts.total += 1
            counts.byAddress[address] = sameAddress + 1
            return true
        }
    }

    func release(address: String) {
        counts.withLock { counts in
            counts.total -= 1
            let left = counts.byAddress[address, default: 1] - 1
            counts.byAddress[address] = left > 0 ? left : nil
        }
    }
}
