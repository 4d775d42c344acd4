import GateCore

extension BackendSettings {
    /// Whether a tenant's instance is started with values of its own.
    var namesTenant: Bool {
        isolation == .perTenant && values.contains { !TenantTemplate.names(in: $0.value).isEmpty }
    }

    /// What the instance of an owner is started with. One without a tenant, the one that only lists tools among them, has empty values:
    /// never those of somebody else.
    func filled(for owner: InstanceOwner?) -> BackendSettings {
        guard namesTenant else { return self }
        var own: [String: String] = [:]
        if case .tenant(let name)? = owner { own = tenants[name] ?? [:] }
        func fill(_ values: [(name: String, value: String)]) -> [(name: String, value: String)] {
            values.map { (name: $0.name, value: TenantTemplate.fill($0.value) { own[$0] ?? "" }) }
        }
        var filled = self
        filled.tenants = [:]
        switch connection {
        case .stdio(var launch):
            launch.environment = fill(launch.environment)
            filled.connection = .stdio(launch)
        case .http(var target):
            target.headers = fill(target.headers)
            filled.connection = .http(target)
        }
        return filled
    }

    private var values: [(name: String, value: String)] {
        switch connection {
        case .stdio(let launch): launch.environment
        case .http(let target): target.headers
        }
    }
}
