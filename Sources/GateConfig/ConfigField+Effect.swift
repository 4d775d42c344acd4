extension ConfigField {
    /// When a changed value of a running gateway's file counts.
    enum Effect: Sendable {
        /// At once: the gateway looks at it when it needs it.
        case atOnce
        /// At once, with the backends that it shapes: they are replaced.
        case backends
        /// At the next start of the gateway.
        case restart
    }

    /// A key that is not named here waits for the next start: what is said of it is true then, whatever uses it.
    var effect: Effect {
        switch section {
        case "circuit_breaker", "pool", "integrity": .backends
        case "access": .atOnce
        case "gateway": ConfigField.shapingGateway.contains(name) ? .backends : .restart
        case "limits" where ConfigField.readWhenNeeded.contains(name): .atOnce
        case "limits" where ConfigField.shapingLimits.contains(name): .backends
        default: .restart
        }
    }

    private static let shapingGateway: Set = ["request_timeout", "schema_cache_ttl"]

    private static let readWhenNeeded: Set = ["drain_timeout"]

    private static let shapingLimits: Set = [
        "in_flight_per_backend", "queue_per_backend", "initialize_timeout", "list_timeout", "tools_per_backend",
        "stdout_line_bytes", "stdout_skip_bytes", "stderr_ring_bytes", "stderr_lines_per_second",
        "upstream_body_bytes", "upstream_connections_per_backend", "restart_budget", "restart_window",
        "restart_delay_min", "restart_delay_max", "restart_jitter", "child_open_files", "child_processes",
        "child_memory_bytes",
    ]

    /// Whether a backend has a value of its own in the place of this key's.
    func isOverridden(in backend: BackendConfig) -> Bool {
        switch key {
        case "gateway.request_timeout": backend.requestTimeout != nil
        case "pool.idle_timeout": backend.idleTimeout != nil
        case "limits.in_flight_per_backend": backend.maxInFlight != nil
        case "limits.queue_per_backend": backend.maxQueue != nil
        case "integrity.on_new": backend.integrity.onNew != nil
        case "integrity.on_change": backend.integrity.onChange != nil
        case "circuit_breaker.failure_threshold": backend.circuitBreaker.failureThreshold != nil
        case "circuit_breaker.reset_timeout": backend.circuitBreaker.resetTimeout != nil
        case "circuit_breaker.success_threshold": backend.circuitBreaker.successThreshold != nil
        default: false
        }
    }

    /// Whether two configurations have the same value here.
    func isEqual(_ one: GatewayConfig, _ other: GatewayConfig) -> Bool {
        switch kind {
        case .integer(let property, _): one[keyPath: property] == other[keyPath: property]
        case .optionalInteger(let property, _): one[keyPath: property] == other[keyPath: property]
        case .duration(let property, _, _): one[keyPath: property] == other[keyPath: property]
        case .boolean(let property): one[keyPath: property] == other[keyPath: property]
        case .text(let property, _): one[keyPath: property].utf8.elementsEqual(other[keyPath: property].utf8)
        case .optionalText(let property, _): one[keyPath: property] == other[keyPath: property]
        case .texts(let property, _): one[keyPath: property] == other[keyPath: property]
        case .choice(let choice): choice.text(one) == choice.text(other)
        }
    }

    /// Takes the value of another configuration.
    func copy(from source: GatewayConfig, to config: inout GatewayConfig) {
        switch kind {
        case .integer(let property, _): config[keyPath: property] = source[keyPath: property]
        case .optionalInteger(let property, _): config[keyPath: property] = source[keyPath: property]
        case .duration(let property, _, _): config[keyPath: property] = source[keyPath: property]
        case .boolean(let property): config[keyPath: property] = source[keyPath: property]
        case .text(let property, _): config[keyPath: property] = source[keyPath: property]
        case .optionalText(let property, _): config[keyPath: property] = source[keyPath: property]
        case .texts(let property, _): config[keyPath: property] = source[keyPath: property]
        // What another configuration has is one of the words.
        case .choice(let choice): try? choice.set(choice.text(source), &config)
        }
    }
}
