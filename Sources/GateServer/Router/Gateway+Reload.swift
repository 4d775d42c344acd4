import GateBackend
package import GateConfig
package import GateProtocol
import Logging
import Synchronization

/// Taking over a changed configuration while calls are under way.
extension Gateway {
    package func reload() async throws(GateError) -> ReloadReport {
        try refuseWhileDraining()
        guard let result = await reload(onlyIfChanged: false) else { return ReloadReport() }
        switch result {
        case .success(let report): return report
        case .failure(let problems): throw GateError(problems)
        }
    }

    /// Reloads for a signal. One that comes while a reload for another is still to begin has its wish fulfilled by that one.
    package func reloadForSignal() async {
        guard reloader.beginsSignal() else { return }
        await reload(onlyIfChanged: false)
    }

    /// Reloads and tells the log.
    ///
    /// - Parameter onlyIfChanged: do nothing when the file is as it was when it was last looked at.
    /// - Returns: nil when there was nothing to do.
    @discardableResult package func reload(onlyIfChanged: Bool) async -> Result<ReloadReport, ConfigProblems>? {
        if !onlyIfChanged { reloadHandler.withLock { $0 }?() }
        let result = await reloader.reload(onlyIfChanged: onlyIfChanged) {
            [self] (loaded, file) throws(ConfigProblems) in
            try apply(loaded, mode: file?.mode)
        }
        switch result {
        case nil: break
        case .success(let report)?:
            audit?.act("config_reload", report.file ?? "", detail: report.summary)
            logger.notice("configuration reloaded: \(report.summary)")
            for warning in report.warnings { logger.warning("\(warning)") }
        case .failure(let problems)?:
            audit?.act("config_reload", "", result: ErrorCode.configInvalid.rawValue)
            for problem in problems.problems { logger.error("\(problem)") }
            logger.error("configuration not reloaded: nothing was changed")
        }
        return result
    }

    private func apply(_ loaded: LoadedConfig, mode: UInt32?) throws(ConfigProblems) -> ReloadReport {
        let entries = registry.entries
        let change = ConfigChange(
            running: entries.filter { !$0.isRuntime }.map(\.config),
            runtime: entries.filter(\.isRuntime).map(\.config), from: config, to: loaded.config)
        guard change.collisions.isEmpty else {
            throw ConfigProblems(change.collisions.map { problem($0, in: loaded) })
        }
        do throws(GateError) {
            try refuseWhileDraining()
            try registry.apply(change)
        } catch {
            throw ConfigProblems([ConfigProblem(origin: origin(loaded), key: "backends", message: error.message)])
        }
        access.apply(change.inForce)
        quotas.apply(change.inForce.tenants)
        // The operator who has this read again wants the provider's keys as they are now.
        access.oauth?.refresh()
        // What was refused may be allowed now, though its own table is as it was.
        for entry in registry.entries { entry.backend.retryBlocked() }
        var report = ReloadReport()
        report.file = loaded.path
        report.added = change.added.map(\.name)
        report.removed = change.removed
        report.changed = change.changed.map(\.name)
        report.unchanged = change.unchanged
        report.applied = change.applied
        report.needsRestart = change.needsRestart
        if let warning = loaded.exposureWarning(mode: mode) { report.warnings.append(warning) }
        return report
    }

    private func problem(_ collision: ConfigChange.Collision, in loaded: LoadedConfig) -> ConfigProblem {
        let isSame = collision.name.utf8.elementsEqual(collision.other.utf8)
        let other = isSame ? "this name" : "the name '\(collision.other)', which clients take for the same,"
        let origin =
            loaded.backendOrigins.indices.contains(collision.index)
            ? loaded.backendOrigins[collision.index] : origin(loaded)
        return ConfigProblem(
            origin: origin, key: "backends[\(collision.index)].name",
            message: "a server of \(other) was added at run time; choose another name, or remove that server first: "
                + "gatecall server remove \(collision.other)")
    }

    private func origin(_ loaded: LoadedConfig) -> ConfigProblem.Origin {
        .file(path: loaded.path ?? "configuration", line: nil, column: nil)
    }
}

extension GateError {
    /// The refusal of a configuration: all of its problems as text, and one by one in `detail`.
    init(_ problems: ConfigProblems) {
        self.init(
            .configInvalid, "The configuration was not taken, nothing was changed.\n\(problems)", source: .caller,
            detail: JSONValue.object(JSONObject([("problems", problems.json)])).bytes)
    }
}

extension ConfigProblems {
    /// A list of objects with `file`, `line` and `column`, or `variable` or `flag`, then `key` and `message`.
    package var json: JSONValue {
        .array(
            problems.map { problem in
                var object = JSONObject()
                switch problem.origin {
                case .file(let path, let line, let column):
                    object["file"] = .string(path)
                    if let line { object["line"] = .init(line) }
                    if let column { object["column"] = .init(column) }
                case .environment(let variable): object["variable"] = .string(variable)
                case .flag(let flag): object["flag"] = .string(flag)
                case .request: break
                }
                if !problem.key.isEmpty { object["key"] = .string(problem.key) }
                object["message"] = .string(problem.message)
                return .object(object)
            })
    }
}
