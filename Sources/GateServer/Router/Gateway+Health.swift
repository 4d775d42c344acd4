import GateBackend
import GateConfig
import GateCore
package import GateProtocol

/// How the gateway is, for load balancers and people.
extension Gateway {
    package func health() -> HealthInfo {
        let statuses = registry.entries.filter(\.config.enabled).map { $0.backend.status(now: .now) }
        let healthy = statuses.count { $0.state == .running || $0.isAsleep }
        return HealthInfo(
            status: isDraining ? "draining" : healthy == statuses.count ? "ok" : "degraded",
            version: StonegateVersion.current, tier: license.view.tier.rawValue,
            uptimeSeconds: Int(started.duration(to: .now).components.seconds), backendsTotal: statuses.count,
            backendsHealthy: healthy, circuitsOpen: statuses.count { $0.circuit != .closed },
            warnings: warnings + (audit?.warnings ?? []) + storeWarnings + integrityWarnings
                + (access.oauth?.warnings ?? []) + license.warnings,
            sandboxes: statuses.reduce(into: [:]) { $0[$1.name] = $1.sandbox })
    }
}
