import GateTestKit

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// How much of everything: a minute for every change, or the real thing with `STONEGATE_FAULTS=long`.
struct FaultScale: Sendable {
    let isLong: Bool

    static let short = FaultScale(isLong: false)
    static let long = FaultScale(isLong: true)
    static let current = ProcessInfo.processInfo.environment["STONEGATE_FAULTS"] == "long" ? long : short

    var restarts: Int { isLong ? 10_000 : 120 }
    var ledgerRounds: Int { isLong ? 1_000 : 15 }
    var crashRounds: Int { isLong ? 20 : 3 }
    var callsPerCrash: Int { isLong ? 500 : 120 }
    var endedCalls: Int { isLong ? 100_000 : 3_000 }
    var waitingCalls: Int { isLong ? 10_000 : 300 }
    var toxicRounds: Int { isLong ? 1_000 : 48 }
    var spawnFailures: Int { isLong ? 1_000 : 40 }
    var clientsGone: Int { isLong ? 10_000 : 120 }
    var churnRounds: Int { isLong ? 1_000 : 12 }
    var signalStorm: Duration { isLong ? .seconds(180) : .seconds(2) }
    var crashLoopWatch: Duration { isLong ? .seconds(60) : .seconds(4) }
    /// Each phase of a comparison of quiet and fault.
    var phase: Duration { isLong ? .seconds(10) : .milliseconds(1_200) }
    var frozenGateway: Duration { isLong ? .seconds(60) : .seconds(2) }
    var slowStart: Duration { isLong ? .seconds(20) : .milliseconds(1_500) }

    /// How often a measurement that depends on the load of the machine may be tried.
    let tries = 3

    /// A figure that a debug build on a busy machine cannot be held to.
    func bound(_ figure: Duration, loose: Duration) -> Duration { isLong ? figure : loose }
}
