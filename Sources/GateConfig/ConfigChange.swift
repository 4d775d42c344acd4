/// What a new configuration changes in a running gateway.
///
/// Backends are compared with those that run, not with those of the last file: one that was removed by hand and is still in
/// the file is added again. Servers that were added at run time are not the file's, so they stay; only settings of the whole
/// gateway reach them.
package struct ConfigChange: Sendable, Equatable {
    /// A backend of the file has the name of a server that was added at run time.
    package struct Collision: Sendable, Equatable {
        /// Its place in `backends` of the new configuration.
        package let index: Int
        package let name: String
        /// The running server's name, which may be another spelling.
        package let other: String
    }

    /// In the order of the file.
    package private(set) var added: [BackendConfig] = []
    /// In the order in which they run.
    package private(set) var removed: [String] = []
    /// As they are to be from now on. Servers that were added at run time come last.
    package private(set) var changed: [BackendConfig] = []
    package private(set) var unchanged: [String] = []
    /// Keys outside `[[backends]]` whose new value counts from now on.
    package private(set) var applied: [String] = []
    /// Keys whose new value counts at the next start of the gateway.
    package private(set) var needsRestart: [String] = []
    /// Why the configuration cannot be taken.
    package private(set) var collisions: [Collision] = []
    /// What is in force afterwards: the new configuration, with the old values of the keys that need a restart.
    package private(set) var inForce: GatewayConfig

    /// - Parameters:
    ///   - running: the backends of the configuration that run.
    ///   - runtime: the servers that were added at run time.
    ///   - old: the configuration in force.
    package init(
        running: [BackendConfig], runtime: [BackendConfig], from old: GatewayConfig, to new: GatewayConfig
    ) {
        inForce = new
        let shaping = compareSettings(old, new)
        func isReached(_ backend: BackendConfig) -> Bool {
            shaping.contains { !$0.isOverridden(in: backend) }
                || (backend.isolation == .perTenant && old.tenants.map(\.unlimited) != new.tenants.map(\.unlimited))
        }
        for backend in running where !new.backends.contains(where: { backend.hasName(of: $0) }) {
            removed.append(backend.name)
        }
        for (index, backend) in new.backends.enumerated() {
            let folded = BackendName.folded(backend.name)
            if let other = runtime.first(where: { BackendName.folded($0.name) == folded }) {
                collisions.append(Collision(index: index, name: backend.name, other: other.name))
            } else if let before = running.first(where: { $0.hasName(of: backend) }) {
                note(backend, isSame: before == backend && !isReached(backend))
            } else {
                added.append(backend)
            }
        }
        if old.tenants != new.tenants { applied.append("tenants") }
        if old.agents != new.agents { applied.append("agents") }
        for server in runtime { note(server, isSame: !isReached(server)) }
    }

    package var isEmpty: Bool {
        added.isEmpty && removed.isEmpty && changed.isEmpty && applied.isEmpty && needsRestart.isEmpty
    }

    private mutating func note(_ backend: BackendConfig, isSame: Bool) {
        if isSame { unchanged.append(backend.name) } else { changed.append(backend) }
    }

    /// Sorts the changed keys outside `[[backends]]`.
    /// - Returns: those that shape backends.
    private mutating func compareSettings(_ old: GatewayConfig, _ new: GatewayConfig) -> [ConfigField] {
        var shaping: [ConfigField] = []
        for field in ConfigField.all where !field.isEqual(old, new) {
            switch field.effect {
            case .restart:
                needsRestart.append(field.key)
                field.copy(from: old, to: &inForce)
            case .atOnce: applied.append(field.key)
            case .backends:
                applied.append(field.key)
                shaping.append(field)
            }
        }
        return shaping
    }
}

extension BackendConfig {
    fileprivate func hasName(of other: BackendConfig) -> Bool { name.utf8.elementsEqual(other.name.utf8) }
}
