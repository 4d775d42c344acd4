package import GateProtocol

/// The form of a list for one kind of clients.
package struct ListForm: Sendable, Hashable {
    package var era: ProtocolEra
    /// Whether tools are listed as such that can be called as a task (2025-11-25), unless they speak for themselves.
    package var offersTasks: Bool

    package init(era: ProtocolEra, offersTasks: Bool = false) {
        self.era = era
        self.offersTasks = offersTasks
    }
}
