import GateConfig
import GateCore
import Synchronization

/// What the agents of each tenant may use up together. Replaced with the configuration; what counts under rules that have not changed goes on
/// counting.
package final class TenantQuotas: Sendable {
    private struct Entry: Sendable {
        let quota: GatewayConfig.Quota
        /// Nil where nothing is limited.
        let limits: CallerLimits?
    }

    private let entries: Mutex<[ExactText: Entry]>

    init(_ tenants: [GatewayConfig.Tenant]) { entries = Mutex(TenantQuotas.entries(tenants, [:])) }

    func apply(_ tenants: [GatewayConfig.Tenant]) {
        entries.withLock { $0 = TenantQuotas.entries(tenants, $0) }
    }

    private static func entries(
        _ tenants: [GatewayConfig.Tenant], _ old: [ExactText: Entry]
    ) -> [ExactText: Entry] {
        var entries: [ExactText: Entry] = [:]
        for tenant in tenants where tenant.quota != GatewayConfig.Quota() {
            let name = ExactText(tenant.name)
            if let known = old[name], known.quota == tenant.quota {
                entries[name] = known
            } else {
                entries[name] = Entry(quota: tenant.quota, limits: CallerLimits(tenant.quota))
            }
        }
        return entries
    }

    /// What calls of the tenant enter and leave.
    func limits(of tenant: ExactText) -> CallerLimits? { entries.withLock { $0[tenant]?.limits } }

    /// How many asynchronous calls of the tenant may be under way; nil for any number.
    func pending(of tenant: ExactText) -> Int? { entries.withLock { $0[tenant]?.quota.pending } }
}
