import GateProtocol
import GateTestKit

/// What was found for an obligation in a lane.
enum Outcome: Sendable, Equatable {
    case pass
    case fail([String])
    case impossible(String)
    case irrelevant
}

/// Everything that the suite found, made by one run that all tests share.
struct Conformance: Sendable {
    var outcomes: [String: [Lane: Outcome]]
    /// What the validator said of the messages that the gateway sent.
    var validation: Validation

    static let run = Task { try await Conformance.perform() }

    /// What went wrong, with the lanes where it did: `lh|mh` is a legacy agent over HTTP and a modern backend over HTTP.
    func failures(_ obligation: Obligation) -> [String] {
        var lanes: [(problem: String, lanes: [String])] = []
        for lane in Lane.all {
            guard case .fail(let problems) = outcomes[obligation.id]?[lane] else { continue }
            for problem in Set(problems.map { $0.replacing(lane.server, with: "LANE") }) {
                if let at = lanes.firstIndex(where: { $0.problem == problem }) {
                    lanes[at].lanes.append(lane.server)
                } else {
                    lanes.append((problem, [lane.server]))
                }
            }
        }
        return lanes.map { "\($0.lanes.joined(separator: " ")): \($0.problem)" }
    }

    private static func perform() async throws -> Conformance {
        let stage = try await Stage.open()
        let found = try await withThrowingTaskGroup(of: [(String, Lane, Outcome)].self) { group in
            for lane in Lane.all { group.addTask { try await Conformance.perform(lane, stage) } }
            return try await group.reduce(into: [(String, Lane, Outcome)]()) { $0 += $1 }
        }
        try await stage.close()
        var outcomes: [String: [Lane: Outcome]] = [:]
        for (id, lane, outcome) in found { outcomes[id, default: [:]][lane] = outcome }
        return Conformance(outcomes: outcomes, validation: try await Validation.of(stage))
    }

    private static func perform(_ lane: Lane, _ stage: Stage) async throws -> [(String, Lane, Outcome)] {
        guard let agent = stage.agents[lane] else { throw TestKitError("no agent for \(lane)") }
        var found: [(String, Lane, Outcome)] = []
        for obligation in Obligation.chosen {
            switch obligation.applies(lane) {
            case .irrelevant: found.append((obligation.id, lane, .irrelevant))
            case .impossible(let reason): found.append((obligation.id, lane, .impossible(reason)))
            case .applies: found.append((obligation.id, lane, await show(obligation, Case(lane, stage, agent))))
            }
        }
        return found
    }

    private static func show(_ obligation: Obligation, _ shown: Case) async -> Outcome {
        do {
            try await obligation.check(shown)
        } catch {
            return .fail(shown.failures + ["\(error)"])
        }
        return shown.failures.isEmpty ? .pass : .fail(shown.failures)
    }
}
