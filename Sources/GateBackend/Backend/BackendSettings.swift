package import GateCore

/// Everything that decides how one backend is reached and treated.
package struct BackendSettings: Sendable {
    package enum Connection: Sendable {
        case stdio(Launch)
        case http(HTTPTarget)
    }

    /// A child process, resolved down to what is started.
    package struct Launch: Sendable {
        package var command: String
        package var arguments: [String]
        package var environment: [(name: String, value: String)]
        /// Absolute.
        package var workingDirectory: String
        package var trust: ChildEnvironment.Trust

        package init(
            command: String, arguments: [String], environment: [(name: String, value: String)],
            workingDirectory: String,
            trust: ChildEnvironment.Trust
        ) {
            self.command = command
            self.arguments = arguments
            self.environment = environment
            self.workingDirectory = workingDirectory
            self.trust = trust
        }
    }

    package struct HTTPTarget: Sendable {
        package var url: String
        package var headers: [(name: String, value: String)]
        /// Certificates that are trusted instead of the system's.
        package var caFile: String?
        /// Where its connections may go.
        package var addresses = AddressPolicy(.configured)
        /// Shared by all its instances; nil when `headers` has all that is shown to it.
        package var tokens: AccessTokens?

        package init(url: String, headers: [(name: String, value: String)], caFile: String? = nil) {
            self.url = url
            self.headers = headers
            self.caFile = caFile
        }
    }

    package enum Era: Sendable {
        case auto
        case legacy
        case modern
    }

    /// Who shares an instance.
    package enum Isolation: Sendable {
        case shared
        case perAgent
        case perSession
        case perTenant
    }

    package var name: String
    package var connection: Connection
    package var isolation = Isolation.shared
    /// Each tenant's values, its name among them, for backends whose instances differ by them.
    package var tenants: [ExactText: [String: String]] = [:]
    /// Of shared ones.
    package var instances = 1
    /// Of those that have owners.
    package var maxInstances = 16
    package var warmSpares = 0
    /// Time without a call after which an instance that has an owner, or a lazy one, is stopped.
    package var idleTimeout = Duration.seconds(300)
    /// Idle connections that are kept to an HTTP backend, and for how long.
    package var maxIdleConnections = 10
    package var maxIdleAge = Duration.seconds(300)
    /// Started by the first call rather than with the gateway.
    package var isLazy = false
    package var era = Era.auto
    package var enabled = true
    package var autoRestart = true
    package var healthCheck = true
    /// Bounds every call.
    package var requestTimeout = Duration.seconds(30)
    /// From the start of the process to the end of the handshake: real servers need up to half a minute for their first byte.
    package var startTimeout = Duration.seconds(60)
    /// How long a new server may be silent to the probe before it is taken for an old one that the probe has killed.
    package var probeTimeout = Duration.seconds(8)
    package var listTimeout = Duration.seconds(10)
    /// How often its lists are read again.
    package var refreshInterval = Duration.seconds(300)
    /// Of each list; what is beyond is left out.
    package var maxItems = 1_000
    /// The longest answer of a backend over HTTP.
    package var maxMessageBytes = 16 * 1024 * 1024
    /// Connections to a backend over HTTP; further requests wait.
    package var maxHTTPConnections = 128
    package var stdio = StdioLimits()
    package var processLimits = ProcessLimits()
    package var sandbox: SandboxPolicy?
    /// Waits between restarts.
    package var backoff = Backoff()
    /// Restarts after which it counts as crash-looping.
    package var restartBudget = RestartBudget()
    package var health = HealthPolicy()
    package var admission = AdmissionQueue.Limits()
    package var breaker = CircuitBreaker.Configuration()
    /// Whether what the backend says of its tools is enough to repeat a call that was sent.
    package var trustsAnnotations = false
    package var questions = QuestionRules()

    package init(name: String, connection: Connection) {
        self.name = name
        self.connection = connection
    }

    package var instanceRules: InstancePlan.Rules {
        InstancePlan.Rules(
            isShared: isolation == .shared, count: isolation == .shared ? instances : maxInstances,
            spares: warmSpares, idleTimeout: idleTimeout, isLazy: isLazy, givesUnowned: !namesTenant)
    }

    package var transportName: String {
        switch connection {
        case .stdio: "stdio"
        case .http: "http"
        }
    }

    /// What the remembered era is filed under: a backend that is started differently is asked anew.
    package var identity: String {
        switch connection {
        case .stdio(let launch): ([name, launch.command] + launch.arguments).joined(separator: "\u{0}")
        case .http(let target): "\(name)\u{0}\(target.url)"
        }
    }
}
