import GateProtocol
import GateTestKit

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What can be made to go wrong.
enum Fault: String, CaseIterable, Sendable {
    case kill = "server killed (kill -9)"
    case freeze = "server stopped (SIGSTOP), then continued"
    case crash = "server exits in the middle of a call"
    case slowStart = "server restarted that needs 2 s to start"
    case reset = "connection reset by the network"
    case stall = "connection silent, or cut in the middle of an answer"
    case refuse = "connections refused by the network"
    case reload = "configuration reloaded with a server more or less"
    case brokenReload = "broken configuration offered"

    /// - Returns: whether there was something to break at this moment.
    func inject(into town: Town, random: inout SeededRandom) async throws -> Bool {
        switch self {
        case .kill:
            return try await town.signal("killed", SIGKILL)
        case .freeze:
            guard try await town.signal("frozen", SIGSTOP) else { return false }
            let time = Duration.milliseconds(random.next(in: 100...1_500))
            try await offPool { Sampling.rest(time) }
            _ = try await town.signal("frozen", SIGCONT)
            return true
        case .crash:
            let key = "crash-\(random.next(in: 0...Int.max))"
            return try await town.gateway.oneCall(
                "killed", "crash", "{\"when\":\"after\",\"key\":\"\(key)\"}", timeout: .seconds(1)
            ).sent == true
        case .slowStart:
            return try await town.gateway.admin("POST", "/server/restart", json: #"{"name":"slow"}"#).status == 200
        case .reset: return try await poison(town, [.reset], &random)
        case .stall: return try await poison(town, [.stall, .truncate, .halfClose, .trickle], &random)
        case .refuse: return try await poison(town, [.refuse], &random)
        case .reload:
            try town.reload(guest: random.next(in: 0...1) == 0)
            return true
        case .brokenReload:
            try town.reload(guest: false, broken: true)
            return true
        }
    }

    private func poison(_ town: Town, _ kinds: [Toxic.Kind], _ random: inout SeededRandom) async throws -> Bool {
        let moments = Toxic.Moment.allCases
        town.proxy.set(
            Toxic(kinds[random.next(in: 0...(kinds.count - 1))], moments[random.next(in: 0...(moments.count - 1))]))
        let time = Duration.milliseconds(random.next(in: 100...500))
        try await offPool { Sampling.rest(time) }
        town.proxy.set(nil)
        return true
    }
}

/// SplitMix64: the same seed, the same faults in the same order.
struct SeededRandom: Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next(in range: ClosedRange<Int>) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        mixed ^= mixed >> 31
        let width = UInt64(range.upperBound - range.lowerBound).addingReportingOverflow(1)
        return width.overflow ? Int(truncatingIfNeeded: mixed) : range.lowerBound + Int(mixed % width.partialValue)
    }
}
