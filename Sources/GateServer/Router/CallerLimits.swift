import GateConfig
import GateCore
import GateProtocol
import Synchronization

/// How many calls one caller, or all callers of a tenant together, may have under way, and begin in a second or minute. Whoever is beyond
/// it is refused at once, so that one flood does not take the places of others.
final class CallerLimits: Sendable {
    struct Rules: Sendable {
        var inFlight: Int?
        /// Calls in each `period` in the long run.
        var rate: Int?
        var period = Period.second
        var burst: Int
        /// Who is limited, and the keys of the configuration, for the words of a refusal.
        var who = "Agent"
        var inFlightKey: String
        var rateKey: String

        enum Period: Double {
            case second = 1
            case minute = 60
        }
    }

    private struct State {
        var inFlight: InFlightLimit?
        var rate: RateLimit?
    }

    private let rules: Rules
    private let state: Mutex<State>

    /// Nil when the rules limit nothing: calls then pay for nothing.
    init?(_ rules: Rules) {
        guard rules.inFlight != nil || rules.rate != nil else { return nil }
        self.rules = rules
        state = Mutex(
            State(
                inFlight: rules.inFlight.map { InFlightLimit(limit: $0) },
                rate: rules.rate.map { RateLimit(perSecond: Double($0) / rules.period.rawValue, burst: rules.burst) }))
    }

    /// Lets a call of this caller begin; ``leave(_:)`` must follow.
    /// - Throws: `OVERLOADED` with the time after which it makes sense to try again.
    func enter(_ caller: ExactText, server: String, now: Instant) throws(GateError) {
        let refusal = state.withLock { state -> GateError? in
            guard state.inFlight?.enter(caller) ?? true else { return tooMany(caller, server) }
            guard case .limit(let wait)? = state.rate?.take(caller, now: now) else { return nil }
            state.inFlight?.leave(caller)
            return tooFast(caller, server, wait)
        }
        if let refusal { throw refusal }
    }

    func leave(_ caller: ExactText) {
        guard rules.inFlight != nil else { return }
        state.withLock { $0.inFlight?.leave(caller) }
    }

    private func tooMany(_ caller: ExactText, _ server: String) -> GateError {
        GateError(
            .overloaded,
            "\(rules.who) '\(caller.text)' has \(rules.inFlight ?? 0) calls under way, as many as \(rules.inFlightKey) allows. The "
                + "call was not sent; wait until one of them has ended.", source: .caller, server: server, retryAfter: 1
        )
    }

    private func tooFast(_ caller: ExactText, _ server: String, _ wait: Duration) -> GateError {
        GateError(
            .overloaded,
            "\(rules.who) '\(caller.text)' calls more often than \(rules.rateKey) allows (\(rules.rate ?? 0) a \(rules.period)). The call was "
                + "not sent; slow down.", source: .caller, server: server, retryAfter: Int(wait.wholeSecondsUp))
    }
}

extension CallerLimits {
    /// The limits on agents by the name they give themselves.
    static func ofAgents(_ config: GatewayConfig.Gateway) -> CallerLimits? {
        CallerLimits(
            Rules(
                inFlight: config.agentInFlight, rate: config.agentRate, burst: (config.agentRate ?? 0) * 2,
                inFlightKey: "gateway.agent_in_flight", rateKey: "gateway.agent_rate"))
    }

    /// The limits on all agents of one tenant together.
    convenience init?(_ quota: GatewayConfig.Quota) {
        self.init(
            Rules(
                inFlight: quota.inFlight, rate: quota.callsPerMinute, period: .minute,
                burst: quota.callsPerMinute ?? 0, who: "Tenant", inFlightKey: "the tenant's max_in_flight",
                rateKey: "its max_calls_per_minute"))
    }

    /// The limits on agents with credentials.
    static func ofPrincipals(_ limits: GatewayConfig.Limits) -> CallerLimits? {
        CallerLimits(
            Rules(
                inFlight: limits.inFlightPerPrincipal, rate: limits.ratePerPrincipal, burst: limits.burstPerPrincipal,
                inFlightKey: "limits.in_flight_per_principal", rateKey: "limits.rate_per_principal"))
    }
}
