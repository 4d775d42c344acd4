import GateCore

extension ConfigField {
    /// Every key outside `[[backends]]`, in the order of the reference.
    static let all: [ConfigField] =
        server + tls + access + oauth + license + gateway + circuitBreaker + pool + limits + asyncCalls + log + audit
        + integrity + logging

    static let sections = [
        "server", "tls", "access", "oauth", "license", "gateway", "circuit_breaker", "pool", "limits", "async", "log",
        "audit", "integrity", "logging",
    ]

    private static func fields(_ section: String, _ kinds: KeyValuePairs<String, Kind>) -> [ConfigField] {
        kinds.map { ConfigField(section: section, name: $0.key, kind: $0.value) }
    }

    private static let server = fields(
        "server",
        [
            "host": .text(\.server.host, .listenHost),
            "port": .integer(\.server.port, 1...65_535),
            "data_dir": .text(\.server.dataDir, .path),
            "allowed_hosts": .texts(\.server.allowedHosts, .hostAndPort),
            "allowed_origins": .texts(\.server.allowedOrigins, .origin),
            "behind_proxy": .boolean(\.server.behindProxy),
            "unsafe_open_admin": .boolean(\.server.unsafeOpenAdmin),
            "added_addresses": .texts(\.server.addedAddresses, .addressRange),
        ])

    private static let tls = fields(
        "tls",
        [
            "certificate": .optionalText(\.tls.certificate, .path),
            "key": .optionalText(\.tls.key, .path),
            "client_ca": .optionalText(\.tls.clientCA, .path),
            "require_client_certificate": .boolean(\.tls.requireClientCertificate),
        ])

    private static let access = fields("access", ["required": .boolean(\.access.required)])

    private static let license = fields(
        "license",
        [
            "key_file": .optionalText(\.license.keyFile, .path),
            "license_server": .text(\.license.licenseServer, .secureURL),
            "trusted_keys": .texts(\.license.trustedKeys, .signingKey),
            "telemetry": .boolean(\.license.telemetry),
        ])

    private static let gateway = fields(
        "gateway",
        [
            "max_connections": .integer(\.gateway.maxConnections, count),
            "request_timeout": .duration(\.gateway.requestTimeout, .milliseconds, requestTimeoutRange),
            "agent_in_flight": .optionalInteger(\.gateway.agentInFlight, count),
            "agent_rate": .optionalInteger(\.gateway.agentRate, count),
            "schema_cache_ttl": .duration(\.gateway.schemaCacheTTL, .seconds, 1...2_592_000),
            "list_changed": .boolean(\.gateway.listChanged),
            "page_size": .integer(\.gateway.pageSize, 0...1_000_000),
        ])

    private static let circuitBreaker = fields(
        "circuit_breaker",
        [
            "failure_threshold": .integer(\.circuitBreaker.failureThreshold, 1...10_000),
            "reset_timeout": .duration(\.circuitBreaker.resetTimeout, .seconds, seconds),
            "success_threshold": .integer(\.circuitBreaker.successThreshold, 1...10_000),
        ])

    private static let pool = fields(
        "pool",
        [
            "max_idle": .integer(\.pool.maxIdle, 0...10_000),
            "idle_timeout": .duration(\.pool.idleTimeout, .seconds, seconds),
        ])

    private static let asyncCalls = fields(
        "async",
        [
            "timeout": .duration(\.async.timeout, .seconds, 1...2_592_000),
            "result_ttl": .duration(\.async.resultTTL, .seconds, 1...2_592_000),
            "task_after": .duration(\.async.taskAfter, .milliseconds, 0...3_600_000),
            "max_pending": .integer(\.async.maxPending, count),
            "max_pending_per_agent": .integer(\.async.maxPendingPerAgent, count),
            "max_result_bytes": .integer(\.async.maxResultBytes, bytes),
            "max_stored_bytes": .integer(\.async.maxStoredBytes, 1_048_576...largeBytes.upperBound),
            "callback_hosts": .texts(\.async.callbackHosts, .hostAndPort),
        ])

    private static let log = fields(
        "log",
        [
            "enabled": .boolean(\.log.enabled),
            "full_arguments": .boolean(\.log.fullArguments),
            "redact": .texts(\.log.redact, .memberName),
            "retention": .duration(\.log.retention, .seconds, 60...315_360_000),
            "max_bytes": .integer(\.log.maxBytes, 1_048_576...largeBytes.upperBound),
        ])

    private static let audit = fields(
        "audit",
        [
            "enabled": .boolean(\.audit.enabled),
            "block_on_failure": .boolean(\.audit.blockOnFailure),
        ])

    private static let integrity = fields(
        "integrity",
        [
            "on_new": .one(of: \.integrity.onNew),
            "on_change": .one(of: \.integrity.onChange),
        ])

    private static let logging = fields(
        "logging",
        [
            // Half the world writes it so.
            "level": .one(of: \.logging.level, aliases: ["warn": "warning"]),
            "format": .one(of: \.logging.format),
        ])

    private static let limits = fields(
        "limits",
        [
            "connections": .integer(\.limits.connections, count),
            "connections_per_address": .integer(\.limits.connectionsPerAddress, count),
            "request_line_bytes": .integer(\.limits.requestLineBytes, 256...1_048_576),
            "header_bytes": .integer(\.limits.headerBytes, 1_024...1_048_576),
            "header_fields": .integer(\.limits.headerFields, 8...10_000),
            "body_bytes": .integer(\.limits.bodyBytes, bytes),
            "header_timeout": .duration(\.limits.headerTimeout, .seconds, seconds),
            "body_timeout": .duration(\.limits.bodyTimeout, .seconds, seconds),
            "body_min_rate": .integer(\.limits.bodyMinRate, 1...bytes.upperBound),
            "keep_alive_timeout": .duration(\.limits.keepAliveTimeout, .seconds, seconds),
            "write_timeout": .duration(\.limits.writeTimeout, .seconds, seconds),
            "buffered_bytes": .integer(\.limits.bufferedBytes, 1_048_576...largeBytes.upperBound),
            "auth_failures_per_minute": .integer(\.limits.authFailuresPerMinute, count),
            "json_depth": .integer(\.limits.jsonDepth, 8...128),
            "json_nodes": .integer(\.limits.jsonNodes, 100...10_000_000),
            "json_keys_per_object": .integer(\.limits.jsonKeysPerObject, 100...1_000_000),
            "max_call_timeout": .duration(\.limits.maxCallTimeout, .seconds, seconds),
            "drain_timeout": .duration(\.limits.drainTimeout, .seconds, seconds),
            "question_timeout": .duration(\.limits.questionTimeout, .seconds, seconds),
            "in_flight_per_backend": .integer(\.limits.inFlightPerBackend, count),
            "queue_per_backend": .integer(\.limits.queuePerBackend, count),
            "in_flight_per_principal": .integer(\.limits.inFlightPerPrincipal, count),
            "rate_per_principal": .integer(\.limits.ratePerPrincipal, count),
            "burst_per_principal": .integer(\.limits.burstPerPrincipal, count),
            "sessions": .integer(\.limits.sessions, count),
            "sessions_per_principal": .integer(\.limits.sessionsPerPrincipal, count),
            "session_idle_timeout": .duration(\.limits.sessionIdleTimeout, .seconds, 1...2_592_000),
            "streams_per_agent": .integer(\.limits.streamsPerAgent, count),
            "resources_per_subscription": .integer(\.limits.resourcesPerSubscription, count),
            "replay_events": .integer(\.limits.replayEvents, count),
            "replay_bytes": .integer(\.limits.replayBytes, bytes),
            "replay_total_bytes": .integer(\.limits.replayTotalBytes, bytes),
            "sse_queue_messages": .integer(\.limits.sseQueueMessages, count),
            "sse_queue_bytes": .integer(\.limits.sseQueueBytes, bytes),
            "initialize_timeout": .duration(\.limits.initializeTimeout, .seconds, seconds),
            "list_timeout": .duration(\.limits.listTimeout, .seconds, seconds),
            "tools_per_backend": .integer(\.limits.toolsPerBackend, count),
            "catalog_bytes": .integer(\.limits.catalogBytes, bytes),
            "description_bytes": .integer(\.limits.descriptionBytes, bytes),
            "schema_bytes": .integer(\.limits.schemaBytes, bytes),
            "stdout_line_bytes": .integer(\.limits.stdoutLineBytes, bytes),
            "stdout_skip_bytes": .integer(\.limits.stdoutSkipBytes, bytes),
            "stderr_ring_bytes": .integer(\.limits.stderrRingBytes, bytes),
            "stderr_lines_per_second": .integer(\.limits.stderrLinesPerSecond, count),
            "upstream_body_bytes": .integer(\.limits.upstreamBodyBytes, bytes),
            "upstream_connections_per_backend": .integer(\.limits.upstreamConnectionsPerBackend, 1...10_000),
            "concurrent_spawns": .integer(\.limits.concurrentSpawns, 1...1_000),
            "restart_budget": .integer(\.limits.restartBudget, 1...10_000),
            "restart_window": .duration(\.limits.restartWindow, .seconds, seconds),
            "restart_delay_min": .duration(\.limits.restartDelayMin, .milliseconds, 1...3_600_000),
            "restart_delay_max": .duration(\.limits.restartDelayMax, .milliseconds, 1...3_600_000),
            "restart_jitter": .integer(\.limits.restartJitter, 0...90),
            "child_open_files": .integer(\.limits.childOpenFiles, 16...1_048_576),
            "child_processes": .optionalInteger(\.limits.childProcesses, count),
            "child_memory_bytes": .optionalInteger(\.limits.childMemoryBytes, 16_777_216...largeBytes.upperBound),
            "audit_record_bytes": .integer(\.limits.auditRecordBytes, bytes),
            "audit_file_bytes": .integer(\.limits.auditFileBytes, 65_536...largeBytes.upperBound),
        ])

    /// Of `gateway.request_timeout` and a backend's `request_timeout`, in milliseconds.
    static let requestTimeoutRange = 1...86_400_000

    private static let count = 1...1_000_000
    private static let seconds = 1...86_400
    private static let bytes = 1_024...1_073_741_824
    private static let largeBytes = 1_024...1_099_511_627_776
}
