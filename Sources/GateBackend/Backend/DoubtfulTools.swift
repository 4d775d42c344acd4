import GateCore
import GateProtocol
import Synchronization

/// The tools of one instance that nobody has approved as they are. Each call looks here, so that one which has waited for the start of a
/// server is judged by what that server lists then.
final class DoubtfulTools: Sendable {
    private struct State {
        var standings = ToolStandings()
        /// Refused by the operator while the instance runs.
        var rejected: Set<ExactText> = []
    }

    /// Nearly always: all that a call pays is this look.
    private let isEmpty = Atomic<Bool>(true)
    private let state = Mutex(State())

    func replace(_ standings: ToolStandings) { change { $0.standings = standings } }

    /// The operator has refused a definition of this tool.
    func doubt(_ tool: String) { change { $0.rejected.insert(ExactText(tool)) } }

    private func change(_ body: (inout State) -> Void) {
        state.withLock { state in
            body(&state)
            isEmpty.store(state.standings.doubtful.isEmpty && state.rejected.isEmpty, ordering: .releasing)
        }
    }

    /// The definition about which it is to be asked; nil when the operation may go on.
    func doubts(_ operation: BackendOperation) -> (tool: String, digest: DefinitionDigest)? {
        guard !isEmpty.load(ordering: .acquiring), case .tool(let name, _) = operation else { return nil }
        return state.withLock { state in
            let tool = ExactText(name)
            guard state.standings.doubtful.contains(tool) || state.rejected.contains(tool) else { return nil }
            return state.standings.digests[tool].map { (name, $0) }
        }
    }
}
