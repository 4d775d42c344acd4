package import GateConfig
import GateCore
import GateHTTP
import GateProtocol
import GateTLS
package import Logging
import Synchronization

/// Who may come in, and as whom: agents of the configuration, and those added at run time, which it keeps in the data directory. Replaced
/// as a whole with each change; what a change takes away is cut at once, open streams included.
package final class AccessTable: Sendable {
    struct State {
        var config: GatewayConfig
        /// Whether the network reaches the gateway, which only its next start can change.
        let isExposed: Bool
        var runtime: [RuntimeAgent]
        var principals: Principals
        var failures: FailureBudget
    }

    static let fileName = "agents.json"
    static let mostAgents = 10_000

    let state: Mutex<State>
    let live = LiveExchanges()
    /// Tokens of the identity provider; nil where there is none.
    package let oauth: OAuthAccess?
    /// Asked for every request.
    private let required: Atomic<Bool>
    let logger: Logger
    /// One change at a time.
    let writes = Mutex(())
    private let directory: StateDirectory?
    /// Told of each administrative act and its target.
    package typealias Act = @Sendable (_ action: String, _ target: String) -> Void
    let onAct: Act

    /// - Parameters:
    ///   - directory: where agents added at run time are kept.
    ///   - oauth: what tokens of the identity provider are worth.
    ///   - onAct: told of each administrative act and its target.
    /// - Throws: when the file of agents cannot be read: to go on without it could let in whom it keeps out.
    package convenience init(
        _ config: GatewayConfig, _ directory: StateDirectory, oauth: OAuthAccess? = nil, _ logger: Logger,
        onAct: @escaping Act
    ) throws(StateDirectoryError) {
        self.init(config, runtime: try AccessTable.read(directory), directory, oauth: oauth, logger, onAct: onAct)
    }

    init(
        _ config: GatewayConfig, runtime: [RuntimeAgent] = [], _ directory: StateDirectory?,
        oauth: OAuthAccess? = nil, _ logger: Logger, onAct: @escaping Act = { _, _ in }
    ) {
        self.oauth = oauth
        self.onAct = onAct
        self.directory = directory
        self.logger = logger
        let isExposed = !config.server.isLoopback
        let principals = Principals(config, runtime, isExposed: isExposed)
        for problem in principals.problems { logger.error("\(problem)") }
        required = Atomic(principals.isRequired)
        state = Mutex(
            State(
                config: config, isExposed: isExposed, runtime: runtime, principals: principals,
                failures: FailureBudget(perMinute: config.limits.authFailuresPerMinute)))
    }

    private static func read(_ directory: StateDirectory) throws(StateDirectoryError) -> [RuntimeAgent] {
        guard directory.read(fileName) != nil else { return [] }
        let broken = StateDirectoryError(
            description:
                "\(directory.path)/\(fileName), which holds the agents that were added at run time, cannot be read. Put "
                + "back a copy, or remove it and add the agents anew.", isBusy: false)
        guard let agents = directory.json(fileName)?["agents"]?.arrayValue else { throw broken }
        let read = agents.map { RuntimeAgent($0) }
        guard !read.contains(nil) else { throw broken }
        return read.compactMap(\.self)
    }

    /// Whether a request without a credential is refused.
    package var isRequired: Bool { required.load(ordering: .acquiring) }

    /// Somebody who comes with a token; nil when nobody has it, or has it any longer.
    ///
    /// - Parameter now: seconds since 1970.
    func principal(token: some Collection<UInt8>, now: Int) -> Principal? {
        guard case .principal(let found) = judge(token: Array(token)[...], now: now) else { return nil }
        return found
    }

    /// The one agent that a certificate stands for; nil when there is none, and when its names are those of several.
    func principal(certificate: CertificateFacts) -> Principal? {
        let digests = ([CertificateName.fingerprintPrefix + certificate.fingerprint] + certificate.names).map {
            TokenDigest(certificate: $0)
        }
        let found = state.withLock { state in digests.compactMap { state.principals.principal(token: $0) } }
        guard let first = found.first, found.allSatisfy({ $0.id == first.id }) else { return nil }
        return first
    }

    // MARK: Changes

    /// Takes over a changed configuration.
    package func apply(_ config: GatewayConfig) { change { $0.config = config } }

    /// Makes what is in force anew, and cuts off who may no longer do what it was doing.
    func change(_ body: (inout State) -> Void) {
        let principals = state.withLock { state in
            body(&state)
            state.principals = Principals(state.config, state.runtime, isExposed: state.isExposed)
            required.store(state.principals.isRequired, ordering: .releasing)
            return state.principals
        }
        for problem in principals.problems { logger.error("\(problem)") }
        live.cut(principals.isOver)
    }

    /// Notes that a request is being answered, so that it can be cut.
    ///
    /// - Returns: false when its sender may not have the answer any more: then the connection has been cut.
    func admit(_ principal: Principal, _ exchange: HTTPExchange) -> Bool {
        live.add(exchange, principal)
        // A change that came before it was noted has not cut it.
        let isOver = state.withLock { $0.principals.isOver(principal) }
        let hasLostKey = principal.token.map { oauth?.hasLostKey($0) ?? true } ?? false
        guard isOver || hasLostKey else { return true }
        exchange.abort(.accessEnded)
        return false
    }

    func save(_ agents: [RuntimeAgent]) throws(GateError) {
        let document = JSONValue.object(
            JSONObject([(key: "version", value: .init(1)), (key: "agents", value: .array(agents.map(\.json)))]))
        try directory?.saveNow(AccessTable.fileName, document.bytes + [0x0A])
    }
}
