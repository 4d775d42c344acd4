package import GateProtocol

/// Why a tool is hidden from agents, and in which of its definitions.
package struct ToolHold: Sendable, Equatable {
    package enum Reason: String, Sendable {
        /// Nobody has approved it yet, in any form.
        case new
        /// Its definition is not one that was approved.
        case changed
        /// The operator has refused this definition.
        case rejected
    }

    package let reason: Reason
    package let digest: DefinitionDigest

    package init(_ reason: Reason, _ digest: DefinitionDigest) {
        self.reason = reason
        self.digest = digest
    }

    /// What a call to the tool is answered with.
    package func refusal(server: String, tool: String) -> GateError {
        switch reason {
        case .new:
            GateError(
                .toolNotApproved,
                "Tool '\(tool)' of server '\(server)' is new and waits for the operator's approval: stonegate approve "
                    + "\(server)/\(tool). The call was not sent.", source: .gateway, server: server, tool: tool)
        case .changed:
            GateError(
                .toolChanged,
                "Tool '\(tool)' of server '\(server)' has changed since it was approved, and waits for the operator: "
                    + "stonegate approve \(server)/\(tool). The call was not sent.", source: .gateway, server: server,
                tool: tool)
        case .rejected:
            GateError(
                .toolNotApproved,
                "The operator has refused tool '\(tool)' of server '\(server)' as it is now. The call was not sent.",
                source: .gateway, server: server, tool: tool)
        }
    }
}
