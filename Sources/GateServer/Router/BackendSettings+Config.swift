import GateBackend
import GateConfig
import GateCore

extension BackendSettings {
    /// What a backend's configuration means, with the gateway's defaults filled in.
    init(_ backend: BackendConfig, _ config: GatewayConfig, isRuntime: Bool) {
        let connection: Connection
        switch backend.connection {
        case .stdio(let launch):
            connection = .stdio(
                Launch(
                    command: launch.command, arguments: launch.args,
                    environment: launch.env.map { (name: $0.key, value: $0.value.exposed) }
                        .sorted { $0.name < $1.name },
                    workingDirectory: launch.cwd ?? config.server.dataDir, trust: isRuntime ? .runtime : .config))
        case .http(let endpoint):
            var target = HTTPTarget(
                url: endpoint.url.exposed,
                headers: endpoint.headers.map { (name: $0.key, value: $0.value.exposed) }
                    .sorted { $0.name < $1.name }, caFile: endpoint.caFile)
            let addresses =
                isRuntime
                ? AddressPolicy(.added, also: config.server.addedAddresses.compactMap(AddressRange.init))
                : AddressPolicy(.configured, also: endpoint.allowAddresses.compactMap(AddressRange.init))
            target.addresses = addresses
            if let oauth = endpoint.oauth {
                target.tokens = AccessTokens(OAuthClient(oauth, addresses))
                // Neither tokens nor what they are got for leave this machine in the clear, wherever `localhost` leads.
                if !endpoint.url.isSecure { target.addresses = addresses.keptLocal }
            }
            connection = .http(target)
        }
        self.init(name: backend.name, connection: connection)
        era =
            switch backend.protocolEra {
            case .auto: .auto
            case .legacy: .legacy
            case .modern: .modern
            }
        enabled = backend.enabled
        isolation =
            switch backend.isolation {
            case .shared: .shared
            case .perAgent: .perAgent
            case .perSession: .perSession
            case .perTenant: .perTenant
            }
        if backend.isolation == .perTenant {
            for tenant in config.tenants {
                tenants[ExactText(tenant.name)] =
                    tenant.values.mapValues(\.exposed).merging(["name": tenant.name]) { $1 }
            }
        }
        instances = backend.instances
        maxInstances = backend.maxInstances
        warmSpares = min(backend.warmSpares, config.pool.maxIdle)
        idleTimeout = backend.idleTimeout ?? config.pool.idleTimeout
        maxIdleConnections = config.pool.maxIdle
        maxIdleAge = config.pool.idleTimeout
        isLazy = backend.start == .lazy
        autoRestart = backend.autoRestart
        healthCheck = backend.healthCheck
        requestTimeout = backend.requestTimeout ?? config.gateway.requestTimeout
        startTimeout = max(config.limits.initializeTimeout, .seconds(1))
        listTimeout = config.limits.listTimeout
        refreshInterval = config.gateway.schemaCacheTTL
        maxItems = config.limits.toolsPerBackend
        apply(config.limits)
        apply(backend.sandbox, dataDirectory: config.server.dataDir)
        admission = .init(
            inFlight: backend.maxInFlight ?? config.limits.inFlightPerBackend,
            queue: backend.maxQueue ?? config.limits.queuePerBackend)
        let own = backend.circuitBreaker
        breaker = .init(
            failureThreshold: own.failureThreshold ?? config.circuitBreaker.failureThreshold,
            resetTimeout: own.resetTimeout ?? config.circuitBreaker.resetTimeout,
            successThreshold: own.successThreshold ?? config.circuitBreaker.successThreshold)
        trustsAnnotations = backend.trustAnnotations
        questions = QuestionRules(
            isOff: backend.questions == .never, isOneAtATime: backend.questions == .oneAtATime,
            timeout: config.limits.questionTimeout, roots: backend.roots)
    }
}

extension BackendSettings {
    private mutating func apply(_ own: BackendConfig.Sandbox, dataDirectory: String) {
        if let count = own.memoryMB { processLimits.addressSpace = UInt64(clamping: count) << 20 }
        if let count = own.fileSizeMB { processLimits.fileSize = UInt64(clamping: count) << 20 }
        if let count = own.cpuSeconds { processLimits.cpuSeconds = UInt64(clamping: count) }
        if let count = own.openFiles { processLimits.openFiles = UInt64(clamping: count) }
        if let count = own.processes { processLimits.processes = UInt64(clamping: count) }
        guard own.profile == .basic else { return }
        sandbox = SandboxPolicy(
            read: own.read, write: own.write, connect: own.connect.map { UInt16(clamping: $0) },
            isRequired: own.isRequired, dataDirectory: dataDirectory)
    }

    private mutating func apply(_ limits: GatewayConfig.Limits) {
        maxMessageBytes = limits.upstreamBodyBytes
        maxHTTPConnections = limits.upstreamConnectionsPerBackend
        stdio = StdioLimits(
            lineBytes: limits.stdoutLineBytes, skipBytes: limits.stdoutSkipBytes,
            stderr: .init(bytes: limits.stderrRingBytes, linesPerSecond: limits.stderrLinesPerSecond))
        processLimits = ProcessLimits(
            openFiles: UInt64(clamping: limits.childOpenFiles),
            addressSpace: limits.childMemoryBytes.map { UInt64(clamping: $0) },
            processes: limits.childProcesses.map { UInt64(clamping: $0) })
        backoff = Backoff(
            initial: limits.restartDelayMin, maximum: limits.restartDelayMax,
            jitter: Double(limits.restartJitter) / 100)
        restartBudget = RestartBudget(starts: limits.restartBudget, window: limits.restartWindow)
    }
}

extension OAuthClient {
    fileprivate init(_ oauth: BackendConfig.OAuth, _ addresses: AddressPolicy) {
        self.init(
            tokenURL: oauth.tokenURL.exposed, shownURL: oauth.tokenURL.shown, id: oauth.clientID.exposed,
            secret: oauth.clientSecret.exposed)
        scopes = oauth.scopes
        audience = oauth.audience
        resource = oauth.resource
        authMethod = oauth.authMethod == .basic ? .basic : .post
        caFile = oauth.caFile
        self.addresses = oauth.tokenURL.isSecure ? addresses : addresses.keptLocal
    }
}

extension CatalogFilters {
    /// The patterns of a backend.
    init(_ backend: BackendConfig) {
        self.init(
            tools: ToolFilter(backend.tools), resources: ToolFilter(backend.resources),
            prompts: ToolFilter(backend.prompts))
    }
}

extension ToolFilter {
    /// The patterns of a table; the configuration has checked that they are patterns.
    init(_ filter: BackendConfig.OfferFilter) {
        func patterns(_ texts: [String]) -> [ToolPattern] { texts.compactMap { try? ToolPattern($0) } }
        self.init(allow: patterns(filter.allow), deny: patterns(filter.deny))
    }
}
