package import GateCore

/// The whole configuration of one gateway, checked and ready to use.
///
/// `GatewayConfig()` is the configuration of an empty file: every property has the documented default
/// (docs/configuration.md). `ConfigLoader` makes one from a file, the environment and flags, with paths expanded.
package struct GatewayConfig: Sendable, Equatable {
    package var server = Server()
    package var tls = TLS()
    package var license = License()
    package var gateway = Gateway()
    package var circuitBreaker = CircuitBreaker()
    package var pool = Pool()
    package var limits = Limits()
    package var async = Async()
    package var log = Log()
    package var audit = Audit()
    /// `[integrity]`: what becomes of tools that nobody has approved.
    package var integrity = IntegrityPolicy()
    package var logging = Logging()
    /// In the order of the file: the first of two tools with the same name keeps its name.
    package var backends: [BackendConfig] = []
    package var access = Access()
    package var oauth = OAuth()
    package var tenants: [Tenant] = []
    package var agents: [Agent] = []

    package init() {}
}

extension GatewayConfig {
    /// `[server]`: where the gateway listens and keeps its files.
    package struct Server: Sendable, Equatable {
        /// An IP address of this machine, `0.0.0.0` or `::` for all of them, or `localhost`.
        package var host = "127.0.0.1"
        /// 1 to 65535.
        package var port = 3393
        /// Directory of tokens and state. The loader expands `~`; this default is not expanded.
        package var dataDir = "~/.stonegate"
        /// Names accepted in `Host` beside the loopback names, lower-case, as `name` (any port) or `name:port`.
        package var allowedHosts: [String] = []
        /// Origins accepted beside the gateway's own, as `scheme://host[:port]`, lower-case.
        package var allowedOrigins: [String] = []
        /// Whether a proxy stands in front, which does the TLS and says in `X-Forwarded-For` where clients are.
        package var behindProxy = false
        /// Opens the changing routes to everybody who reaches the loopback address.
        package var unsafeOpenAdmin = false
        /// Addresses beside the public ones at which servers that are added at run time may be, as `AddressRange` reads them.
        package var addedAddresses = ["127.0.0.0/8", "::1"]

        package init() {}
    }

    /// `[license]`.
    package struct License: Sendable, Equatable {
        /// File that holds the entitlement; nil means one in the data directory.
        package var keyFile: String?
        package var licenseServer = "https://license.keystoneproject.dev"
        /// Keys of an authority whose licenses count beside those that the build trusts, the active one first.
        package var trustedKeys: [String] = []
        /// Whether heartbeats tell more than ids.
        package var telemetry = true

        package init() {}
    }

    /// `[gateway]`: how calls are handled.
    package struct Gateway: Sendable, Equatable {
        /// Connections of agents held at once; counts where it is more than `limits.connections`.
        package var maxConnections = 100
        /// How long one call may take, unless its backend says otherwise.
        package var requestTimeout: Duration = .milliseconds(30_000)
        /// Calls that one agent may have under way, by the name it gives itself; nil for no limit.
        package var agentInFlight: Int?
        /// Calls that one agent may begin in a second, twice as many at once; nil for no limit.
        package var agentRate: Int?
        /// How long a backend's lists count as fresh.
        package var schemaCacheTTL: Duration = .seconds(300)
        /// Whether agents are told that lists have changed, unless their endpoint says otherwise.
        package var listChanged = true
        /// Elements of one page of a list; 0 gives every list whole.
        package var pageSize = 0

        package init() {}
    }

    /// `[circuit_breaker]`.
    package struct CircuitBreaker: Sendable, Equatable {
        /// Failures in a row that open the circuit.
        package var failureThreshold = 5
        /// Time that the circuit stays open before one call may try again.
        package var resetTimeout: Duration = .seconds(30)
        /// Successes in a row that close it again.
        package var successThreshold = 2

        package init() {}
    }

    /// `[pool]`: idle connections to HTTP backends.
    package struct Pool: Sendable, Equatable {
        package var maxIdle = 10
        package var idleTimeout: Duration = .seconds(300)

        package init() {}
    }

    /// `[async]`: calls that nobody has to wait for, and the protocol's tasks, which are the same.
    package struct Async: Sendable, Equatable {
        /// The longest that such a call may take, waiting included.
        package var timeout: Duration = .seconds(86_400)
        /// How long an outcome is kept, counted from the end of the call.
        package var resultTTL: Duration = .seconds(86_400)
        /// How long a call of a client that knows tasks may take before it becomes one.
        package var taskAfter: Duration = .milliseconds(5_000)
        /// Calls that have not ended, and ended ones that are kept.
        package var maxPending = 10_000
        package var maxPendingPerAgent = 1_000
        package var maxResultBytes = 16 * 1_024 * 1_024
        /// What all results that are kept may take on the disk.
        package var maxStoredBytes = 2 * 1_024 * 1_024 * 1_024
        /// Hosts that may be told of the ends of calls, as `name` (any port) or `name:port`, lower-case.
        package var callbackHosts: [String] = []

        package init() {}
    }

    /// `[audit]`: the audit log.
    package struct Audit: Sendable, Equatable {
        package var enabled = false
        /// Whether calls are refused when their beginning cannot be written.
        package var blockOnFailure = true

        package init() {}
    }

    /// `[log]`: the call log.
    package struct Log: Sendable, Equatable {
        package var enabled = true
        /// Whether arguments are kept, and not only their digest and shape.
        package var fullArguments = false
        /// Names of members whose values are never kept, lower-case.
        package var redact = [
            "password", "passwd", "secret", "token", "api_key", "apikey", "access_token", "refresh_token",
            "authorization",
            "private_key", "credential", "credentials", "cookie",
        ]
        /// How long a line is kept.
        package var retention: Duration = .seconds(604_800)
        /// What all lines may take.
        package var maxBytes = 256 * 1_024 * 1_024

        package init() {}
    }

    /// `[logging]`.
    package struct Logging: Sendable, Equatable {
        package enum Level: String, Sendable, CaseIterable {
            case trace, debug, info, notice, warning, error, critical
        }

        package enum Format: String, Sendable, CaseIterable {
            case json, text
        }

        package var level = Level.info
        package var format = Format.text

        package init() {}
    }
}
