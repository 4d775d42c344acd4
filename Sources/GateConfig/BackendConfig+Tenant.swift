import GateCore

extension BackendConfig {
    /// What `${tenant.NAME}` in its values refers to, by the value's key.
    var tenantReferences: [(key: String, names: [String])] {
        let values: [(String, Secret<String>)] =
            switch connection {
            case .stdio(let launch): launch.env.map { ("env.\($0.key)", $0.value) }
            case .http(let endpoint): endpoint.headers.map { ("headers.\($0.key)", $0.value) }
            }
        return values.sorted { $0.0 < $1.0 }.map { (key: $0.0, names: TenantTemplate.names(in: $0.1.exposed)) }
    }
}
