/// What becomes of tools that nobody has approved, as the operator wants it for a server.
package struct IntegrityPolicy: Sendable, Hashable {
    /// A tool that was never seen before.
    package enum OnNew: String, Sendable, CaseIterable {
        /// What is seen first counts as approved.
        case allow
        /// It is served, and waits for approval.
        case report
        /// It is hidden until it is approved.
        case block
    }

    /// A tool whose definition is not one that was approved.
    package enum OnChange: String, Sendable, CaseIterable {
        case report
        case block
    }

    package var onNew: OnNew
    package var onChange: OnChange

    package init(onNew: OnNew = .allow, onChange: OnChange = .report) {
        self.onNew = onNew
        self.onChange = onChange
    }
}
