import Synchronization

/// What the rest of the gateway knows of the license.
package protocol LicenseView: AnyObject, Sendable {
    /// The tier that counts for new work; one atomic load.
    var tier: Tier { get }

    /// Tier, numbers and standing, of one moment.
    var grant: LicenseGrant { get }

    /// Calls `body` with each new grant, in their order, until the observation is cancelled or released. It is called on any thread
    /// and must return quickly.
    func onChange(_ body: @escaping @Sendable (LicenseGrant) -> Void) -> LicenseObservation
}

/// Ends an observation when it is cancelled or released.
package final class LicenseObservation: Sendable {
    private let end: @Sendable () -> Void

    init(_ end: @escaping @Sendable () -> Void) { self.end = end }

    deinit { end() }

    package func cancel() { end() }
}

/// The grant in force, where one writer puts it and everybody reads it.
package final class CurrentLicense: LicenseView {
    private struct State {
        var grant: LicenseGrant
        var observers: [Int: @Sendable (LicenseGrant) -> Void] = [:]
        var nextObserver = 0
    }

    private let rank: Atomic<UInt8>
    private let state: Mutex<State>
    /// Held while observers are told, so that two changes cannot overtake each other.
    private let telling = Mutex(())

    package init(_ grant: LicenseGrant = .free) {
        rank = Atomic(grant.tier.rank)
        state = Mutex(State(grant: grant))
    }

    package var tier: Tier {
        switch rank.load(ordering: .acquiring) {
        case Tier.enterprise.rank: .enterprise
        case Tier.pro.rank: .pro
        default: .free
        }
    }

    package var grant: LicenseGrant { state.withLock { $0.grant } }

    /// Puts a grant in force and tells the observers, unless it is the one that is.
    package func set(_ grant: LicenseGrant) {
        telling.withLock { _ in
            let observers = state.withLock { state -> [@Sendable (LicenseGrant) -> Void] in
                guard state.grant != grant else { return [] }
                state.grant = grant
                rank.store(grant.tier.rank, ordering: .releasing)
                return state.observers.sorted { $0.key < $1.key }.map(\.value)
            }
            for observer in observers { observer(grant) }
        }
    }

    package func onChange(_ body: @escaping @Sendable (LicenseGrant) -> Void) -> LicenseObservation {
        let id = state.withLock { state in
            state.nextObserver += 1
            state.observers[state.nextObserver] = body
            return state.nextObserver
        }
        return LicenseObservation { [weak self] in
            self?.state.withLock { _ = $0.observers.removeValue(forKey: id) }
        }
    }
}
