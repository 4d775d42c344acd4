import GateCore
import Synchronization

extension Backend {
    /// Whether a call had better go to this instance or to another.
    var fitness: InstancePlan.Fitness {
        state.withLock { state in
            switch state.breaker.state {
            case .open where state.breaker.retryAfter(now: .now) != .zero: return .failing
            case .open, .halfOpen: return .startable
            case .closed: break
            }
            switch state.supervisor.state {
            case .running, .degraded: return state.live == nil ? .startable : .ready
            case .starting, .stopping: return .startable
            case .stopped: return state.supervisor.startsForCalls ? .startable : .failing
            case .disabled, .backingOff, .crashLooping, .blocked: return .failing
            }
        }
    }
}
