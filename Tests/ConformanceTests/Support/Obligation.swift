import GateProtocol
import GateTestKit

/// Whether an obligation can be shown in a lane.
enum Applicability: Sendable, Equatable {
    case applies
    /// The obligation says nothing about this lane.
    case irrelevant
    /// MCP leaves no way to do it.
    case impossible(String)
}

/// Something that MCP requires of the gateway, with the test that shows it.
struct Obligation: Sendable, CustomStringConvertible {
    var id: String
    var title: String
    var applies: @Sendable (Lane) -> Applicability
    var check: @Sendable (Case) async throws -> Void

    init(
        _ id: String, _ title: String, _ applies: @escaping @Sendable (Lane) -> Applicability = { _ in .applies },
        _ check: @escaping @Sendable (Case) async throws -> Void
    ) {
        self.id = id
        self.title = title
        self.applies = applies
        self.check = check
    }

    var description: String { "\(id) \(title)" }
}

/// Lanes that an obligation is about.
enum Lanes {
    typealias Rule = @Sendable (Lane) -> Applicability
    static let all: Rule = { _ in .applies }
    static let http = when { $0.front == .http }
    static let modernHTTP = when { $0.front == .http && $0.agent == .modern }
    static let legacyHTTP = when { $0.front == .http && $0.agent == .legacy }
    static let modernAgent = when { $0.agent == .modern }
    static let legacyAgent = when { $0.agent == .legacy }
    static let modernBackend = when { $0.backend == .modern }
    static let legacyBackend = when { $0.backend == .legacy }
    static let modernToLegacy = when { $0.agent == .modern && $0.backend == .legacy }
    static let legacyToModern = when { $0.agent == .legacy && $0.backend == .modern }

    static func when(_ holds: @escaping @Sendable (Lane) -> Bool) -> Rule { { holds($0) ? .applies : .irrelevant } }
}

/// One obligation in one lane, while it is being shown.
final class Case: Sendable {
    let lane: Lane
    let stage: Stage
    let agent: any Agent
    let record: Journal<FixtureLine>
    private let problems = Journal<String>(name: "problems")

    init(_ lane: Lane, _ stage: Stage, _ agent: any Agent) {
        self.lane = lane
        self.stage = stage
        self.agent = agent
        record = stage.reports.journal(lane.tag)
    }

    var gateway: GatewayProcess { stage.gateway }
    var http: HTTPAgent? { agent as? HTTPAgent }
    var pipe: PipeAgent? { agent as? PipeAgent }
    var failures: [String] { problems.all }
    var isModern: Bool { lane.agent == .modern }

    /// The lane's name of something that the fixture offers.
    func name(_ own: String) -> String { own + lane.tag }
    func uri(_ own: String) -> String { "fix://\(lane.tag)/\(own)" }

    func call(_ tool: String, _ arguments: JSONValue = [:], _ options: AgentOptions = AgentOptions()) async throws
        -> Reply
    {
        try await agent.call(name(tool), arguments, options)
    }

    func expect(_ holds: Bool, _ what: @autoclosure () -> String) {
        if !holds { problems.append(what()) }
    }

    func equal<Value: Equatable>(_ found: Value, _ wanted: Value, _ what: String) {
        if found != wanted {
            problems.append("\(what): \("\(found)".prefix(300)) instead of \("\(wanted)".prefix(300))")
        }
    }

    func require<Value>(_ value: Value?, _ what: @autoclosure () -> String) throws -> Value {
        guard let value else { throw TestKitError(what()) }
        return value
    }

    /// Where the record of the backend is now.
    var mark: Int { record.all.count }

    /// What the backend told after `mark`, up to and including a request made for this purpose.
    func received(since mark: Int) async throws -> [FixtureLine] {
        let key = "barrier \(mark) \(UInt32.random(in: 0 ... .max))"
        _ = try await call("echo", ["text": .string(key)])
        let end = try await record.first(from: mark) { $0.isReceived && $0.text.contains(key) }
        return Array(record.all[mark..<end.index])
    }

    /// Waits for a line of the backend's record.
    func line(
        from mark: Int, within time: Duration = .seconds(10), where matches: @escaping @Sendable (FixtureLine) -> Bool
    ) async throws -> FixtureLine {
        try await record.first(from: mark, within: time, where: matches).element
    }

    /// Another agent of this lane's kind.
    func another(_ name: String, capabilities: JSONValue = Wire.everything) async throws -> any Agent {
        try await Stage.agent(lane, "\(lane.server)-\(name)", gateway, stage.tap, capabilities: capabilities)
    }

    /// Another agent that sees the lane's backend only.
    func alone(_ name: String) async throws -> any Agent {
        let full = "\(lane.server)-\(name)"
        return switch lane.front {
        case .http:
            try await HTTPAgent.open(
                full, lane.agent, port: gateway.port, path: "/mcp?servers=\(lane.server)", tap: stage.tap)
        case .stdio:
            try await PipeAgent.open(
                full, lane.agent, gateway: gateway.baseURL, server: lane.server, tap: stage.tap)
        }
    }
}
