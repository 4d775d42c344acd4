/// One `[[backends]]` entry: an MCP server behind the gateway.
package struct BackendConfig: Sendable, Equatable {
    /// How the gateway reaches the server. A backend has what its transport needs and nothing else.
    package enum Connection: Sendable, Equatable {
        case stdio(Launch)
        case http(Endpoint)
    }

    /// A child process that speaks MCP on its standard input and output.
    package struct Launch: Sendable, Equatable {
        /// A path, or a name that is looked up in PATH; `~` is expanded.
        package var command: String
        package var args: [String]
        /// Added to the allow-listed part of the gateway's environment.
        package var env: [String: Secret<String>]
        /// Working directory; nil means the gateway's data directory.
        package var cwd: String?
        /// The arguments as the file has them, `${NAME}` not expanded: what may be shown.
        package var shownArgs: [String]

        package init(
            command: String, args: [String] = [], env: [String: Secret<String>] = [:], cwd: String? = nil,
            shownArgs: [String]? = nil
        ) {
            self.command = command
            self.args = args
            self.env = env
            self.cwd = cwd
            self.shownArgs = shownArgs ?? args
        }
    }

    /// A server reached over HTTP.
    package struct Endpoint: Sendable, Equatable {
        package var url: BackendURL
        /// Sent with each request.
        package var headers: [String: Secret<String>]
        /// Certificates in PEM that are trusted instead of the system's. Absolute.
        package var caFile: String?
        /// Addresses that it may be at though no name is meant to lead there, as `AddressRange` reads them.
        package var allowAddresses: [String] = []
        /// How its access tokens are got; nil when it needs none.
        package var oauth: OAuth?

        package init(url: BackendURL, headers: [String: Secret<String>] = [:], caFile: String? = nil) {
            self.url = url
            self.headers = headers
            self.caFile = caFile
        }
    }

    /// Which era of the protocol to speak. `auto` probes and remembers the answer.
    package enum ProtocolEra: String, Sendable, CaseIterable {
        case auto, legacy, modern
    }

    /// Which tools, resources or prompts of the backend are offered, as patterns over the backend's own names and URIs.
    ///
    /// `*` stands for any run of characters, `?` for one. One is offered when `allow` is empty or one of its
    /// patterns matches, and no pattern of `deny` matches.
    package struct OfferFilter: Sendable, Equatable {
        package var allow: [String]
        package var deny: [String]

        package init(allow: [String] = [], deny: [String] = []) {
            self.allow = allow
            self.deny = deny
        }
    }

    /// Who shares a process (stdio) or a session (http) of the backend.
    package enum Isolation: String, Sendable, CaseIterable {
        case shared
        case perAgent = "per_agent"
        case perSession = "per_session"
        case perTenant = "per_tenant"
    }

    /// When the backend is started.
    package enum Start: String, Sendable, CaseIterable {
        /// With the gateway.
        case eager
        /// By the first call; it is stopped again when it has been idle for `idle_timeout`.
        case lazy
    }

    /// Whether the backend may ask the agent whose call it works on.
    package enum Questions: String, Sendable, CaseIterable {
        /// Where it is certain whose call the question belongs to.
        case whenCertain = "when_certain"
        /// Calls run one after the other in each instance, so that it always is.
        case oneAtATime = "one_at_a_time"
        case never
    }

    /// Values that stand in for those of `[circuit_breaker]`.
    package struct BreakerOverrides: Sendable, Equatable {
        package var failureThreshold: Int?
        package var resetTimeout: Duration?
        package var successThreshold: Int?

        package init() {}
    }

    package var name: String
    package var connection: Connection
    package var isolation = Isolation.shared
    package var start = Start.eager
    /// Processes or sessions that all agents share, least busy first. More than one only with `isolation = "shared"`.
    package var instances = 1
    /// Most instances that exist at once when each agent or session has its own.
    package var maxInstances = 16
    /// Instances that are started ahead, for the next agent or session; no more than `pool.max_idle`.
    package var warmSpares = 1
    /// How long an instance may be without a call before it is stopped; nil means `pool.idle_timeout`.
    package var idleTimeout: Duration?
    /// Whether the backend's word that a tool is read-only or idempotent is enough to repeat a call that was sent.
    package var trustAnnotations = false
    package var questions = Questions.whenCertain
    /// What the backend is told when it asks for roots and no agent can be asked; none means that it is not told of roots at all.
    package var roots: [String] = []
    /// Calls in flight at once in each instance; nil means `limits.in_flight_per_backend`.
    package var maxInFlight: Int?
    /// Calls that wait for each instance; nil means `limits.queue_per_backend`.
    package var maxQueue: Int?
    package var circuitBreaker = BreakerOverrides()
    package var sandbox = Sandbox()
    package var integrity = IntegrityOverrides()
    package var autoRestart = true
    package var healthCheck = true
    /// A disabled backend stays in the list and is not started.
    package var enabled = true
    /// How long one call may take; nil means `gateway.request_timeout`.
    package var requestTimeout: Duration?
    package var protocolEra = ProtocolEra.auto
    package var tools = OfferFilter()
    /// Over URIs and URI templates.
    package var resources = OfferFilter()
    package var prompts = OfferFilter()

    package init(name: String, connection: Connection) {
        self.name = name
        self.connection = connection
    }
}
