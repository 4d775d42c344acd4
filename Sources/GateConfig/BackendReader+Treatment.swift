import GateProtocol

/// How a backend is shared, bounded and protected.
extension BackendReader {
    static let instancesRange = 1...64
    static let maxInstancesRange = 1...1_000
    static let warmSparesRange = 0...64
    static let countRange = 1...1_000_000
    static let secondsRange = 1...86_400
    static let thresholdRange = 1...10_000
    static let breakerKeys = ["failure_threshold", "reset_timeout", "success_threshold"]

    /// - Returns: what sets the values read.
    func treatment(
        _ table: TableReader, _ diagnostics: inout ConfigDiagnostics
    ) -> (inout BackendConfig) -> Void {
        let isolation: BackendConfig.Isolation = choice("isolation", .shared, table, &diagnostics)
        let start: BackendConfig.Start = choice("start", .eager, table, &diagnostics)
        let instances = table.count("instances", Self.instancesRange, &diagnostics)
        let maxInstances = table.count("max_instances", Self.maxInstancesRange, &diagnostics)
        let warmSpares = table.count("warm_spares", Self.warmSparesRange, &diagnostics)
        let idleTimeout = table.duration("idle_timeout", Self.secondsRange, .seconds, &diagnostics)
        let trust = table.boolean("trust_annotations", default: false, &diagnostics)
        let questions: BackendConfig.Questions = choice("questions", .whenCertain, table, &diagnostics)
        let roots = roots(table, &diagnostics)
        let maxInFlight = table.count("max_in_flight", Self.countRange, &diagnostics)
        let maxQueue = table.count("max_queue", Self.countRange, &diagnostics)
        let breaker = breaker(table, &diagnostics)
        if let instances, instances > 1, isolation != .shared {
            diagnostics.report(
                table.path.appending("instances"),
                "has no meaning with isolation \"\(isolation.rawValue)\", which makes instances as they are needed; "
                    + "remove it, or bound them with 'max_instances'")
        }
        return { backend in
            backend.isolation = isolation
            backend.start = start
            if let instances { backend.instances = instances }
            if let maxInstances { backend.maxInstances = maxInstances }
            if let warmSpares { backend.warmSpares = warmSpares }
            backend.idleTimeout = idleTimeout
            backend.trustAnnotations = trust
            backend.questions = questions
            backend.roots = roots
            backend.maxInFlight = maxInFlight
            backend.maxQueue = maxQueue
            backend.circuitBreaker = breaker
        }
    }

    /// Folders as absolute paths or `file:` URIs, as URIs.
    private func roots(_ table: TableReader, _ diagnostics: inout ConfigDiagnostics) -> [String] {
        table.strings("roots", &diagnostics).enumerated().compactMap { offset, text in
            let root = text.text
            if root.utf8.starts(with: "file://".utf8) { return root }
            guard root.utf8.first == UInt8(ascii: "/") else {
                diagnostics.report(
                    table.path.appending("roots").appending(offset),
                    "must be an absolute path or a URI that begins with file://, not \(quoted(root))")
                return nil
            }
            return "file://" + PercentEncoding.encode(root, keeping: "-._~/")
        }
    }

    private func breaker(
        _ table: TableReader, _ diagnostics: inout ConfigDiagnostics
    ) -> BackendConfig.BreakerOverrides {
        var overrides = BackendConfig.BreakerOverrides()
        switch table.node("circuit_breaker") {
        case nil: break
        case .table(let entries)?:
            let own = TableReader(entries: entries, path: table.path.appending("circuit_breaker"))
            own.reportUnknownKeys(known: Self.breakerKeys, &diagnostics)
            overrides.failureThreshold = own.count("failure_threshold", Self.thresholdRange, &diagnostics)
            overrides.resetTimeout = own.duration("reset_timeout", Self.secondsRange, .seconds, &diagnostics)
            overrides.successThreshold = own.count("success_threshold", Self.thresholdRange, &diagnostics)
        case let other?:
            diagnostics.report(
                table.path.appending("circuit_breaker"),
                "must be a table { failure_threshold = …, reset_timeout = …, success_threshold = … }, not \(other.kind)"
            )
        }
        return overrides
    }
}
