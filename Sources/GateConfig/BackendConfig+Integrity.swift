package import GateCore

extension BackendConfig {
    /// Values that stand in for those of `[integrity]`.
    package struct IntegrityOverrides: Sendable, Equatable {
        package var onNew: IntegrityPolicy.OnNew?
        package var onChange: IntegrityPolicy.OnChange?

        package init() {}

        var effectiveEntries: [(key: String, value: EffectiveValue)] {
            var entries: [(key: String, value: EffectiveValue)] = []
            if let onNew { entries.append(("on_new", .string(onNew.rawValue))) }
            if let onChange { entries.append(("on_change", .string(onChange.rawValue))) }
            return entries
        }
    }

    /// What becomes of tools of this backend that nobody has approved.
    package func integrityPolicy(_ config: GatewayConfig) -> IntegrityPolicy {
        IntegrityPolicy(
            onNew: integrity.onNew ?? config.integrity.onNew,
            onChange: integrity.onChange ?? config.integrity.onChange)
    }
}

extension BackendReader {
    static let integrityKeys = ["on_new", "on_change"]

    func integrity(
        _ table: TableReader, _ diagnostics: inout ConfigDiagnostics
    ) -> BackendConfig.IntegrityOverrides {
        var overrides = BackendConfig.IntegrityOverrides()
        switch table.node("integrity") {
        case nil: break
        case .table(let entries)?:
            let own = TableReader(entries: entries, path: table.path.appending("integrity"))
            own.reportUnknownKeys(known: Self.integrityKeys, &diagnostics)
            if own.has("on_new") { overrides.onNew = choice("on_new", .allow, own, &diagnostics) }
            if own.has("on_change") { overrides.onChange = choice("on_change", .report, own, &diagnostics) }
        case let other?:
            diagnostics.report(
                table.path.appending("integrity"),
                "must be a table { on_new = \"block\", on_change = \"block\" }, not \(other.kind)")
        }
        return overrides
    }
}
