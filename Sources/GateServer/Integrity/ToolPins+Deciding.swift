package import GateCore
import GateProtocol
import GateStore
import Synchronization

/// A definition that the operator has looked at.
package struct ShownDefinition: Sendable, Hashable {
    package let tool: ToolIdentity
    package let digest: DefinitionDigest

    package init(tool: ToolIdentity, digest: DefinitionDigest) {
        self.tool = tool
        self.digest = digest
    }
}

/// What the operator decides.
extension ToolPins {
    /// A decision that is in force, and on the disk.
    struct Decided: Sendable {
        let shown: ShownDefinition
        /// What it was compared with.
        let base: DefinitionDigest?
        /// False when it stood so already.
        let isNew: Bool
    }

    /// Approves or rejects definitions, all of them or none.
    ///
    /// - Throws: `TOOL_NOT_FOUND`, `TOOL_CHANGED` when one is no longer what was shown, `STORAGE_FAILED`, `OVERLOADED`.
    func decide(_ all: [ShownDefinition], reject: Bool) async throws(GateError) -> [Decided] {
        guard state.withLock({ $0.begin() }) else {
            throw GateError(
                .overloaded, "Somebody else is deciding about tools. Try again.", source: .caller, retryAfter: 1)
        }
        defer { state.withLock { $0.isDeciding = false } }
        let now = clock()
        var decided: [Decided] = []
        var changes: [(server: String, tool: String, version: PinBook.Version)] = []
        for shown in all {
            let (version, base) = try version(shown, reject ? .rejected : .approved, now)
            if let version { changes.append((shown.tool.server, shown.tool.tool, version)) }
            decided.append(Decided(shown: shown, base: base, isNew: version != nil))
        }
        guard !changes.isEmpty else { return decided }
        do throws(StoreFailure) {
            try await store.decide(changes)
        } catch {
            throw GateError(.storageFailed, "The decision could not be kept, and is not in force: \(error.reason).")
        }
        let kept = changes
        state.withLock { state in
            for change in kept { state.book.decide(server: change.server, tool: change.tool, change.version) }
        }
        return decided
    }

    private func version(
        _ shown: ShownDefinition, _ standing: PinBook.Standing, _ now: Int
    ) throws(GateError) -> (PinBook.Version?, DefinitionDigest?) {
        let (server, tool) = (shown.tool.server, shown.tool.tool)
        let result = state.withLock { state -> Result<(PinBook.Version?, DefinitionDigest?), PinBook.Refusal> in
            Result { () throws(PinBook.Refusal) in
                (
                    try state.book.deciding(standing, server: server, tool: tool, shown.digest, now: now),
                    state.book.base(server: server, tool: tool, of: shown.digest)
                )
            }
        }
        switch result {
        case .success(let found): return found
        case .failure(.unknownTool):
            throw GateError(
                .toolNotFound, "No tool '\(tool)' of server '\(server)' was ever listed. Nothing was decided.",
                source: .caller, server: server, tool: tool)
        case .failure(.changedAgain(let digest)):
            throw GateError(
                .toolChanged,
                "Tool '\(tool)' of server '\(server)' is not what was shown (\(shown.digest.short)): it has changed again, "
                    + "to \(digest.short). Nothing was decided. Look at it: stonegate approve", source: .caller,
                server: server, tool: tool)
        }
    }
}

extension ToolPins.State {
    fileprivate mutating func begin() -> Bool {
        defer { isDeciding = true }
        return !isDeciding
    }
}
