import GateCore
import GateCurl
import GateProtocol
import Logging
import NIOCore

/// A backend that has been reached: the conversation, what it said of itself, and its tools.
package struct LiveConnection: Sendable {
    package let connection: BackendConnection
    /// The process behind it, for stdio.
    package let link: StdioLink?
    package let greeting: BackendGreeting
    /// Read before the backend counts as ready; its other lists are read behind that.
    package let tools: ListedItems
}

/// Why a backend could not be reached.
struct ConnectFailure: Error {
    var error: GateError
    /// It must not be started as it is configured; trying again is of no use.
    var isRefused = false
    /// How its process ended, if it did so by itself.
    var exit: ExitStatus?
    /// The last lines of its stderr.
    var stderr: [String] = []
}

/// Reaches a backend: starts or connects, finds out the era, lists the tools.
struct Connector: Sendable {
    let settings: BackendSettings
    let context: BackendContext
    /// Called with each connection that is begun, so that a stop in the middle can end it. False: it is stopped already.
    let onBegin: @Sendable (BackendConnection) -> Bool

    func connect() async -> Result<LiveConnection, ConnectFailure> {
        await context.spawnGate.pass(on: context.group.next()) {
            do throws(ConnectFailure) {
                return .success(try await reach())
            } catch {
                return .failure(error)
            }
        }
    }

    private func reach() async throws(ConnectFailure) -> LiveConnection {
        if let refusal = settings.sandbox.flatMap({ Sandbox.refusal($0, context.sandboxSupport) }) {
            throw ConnectFailure(error: failed(refusal.message), isRefused: true)
        }
        let deadline = Instant.now.advanced(by: settings.startTimeout)
        let remembered = settings.era == .auto ? context.eras.recall(settings.identity) : nil
        var connection: BackendConnection
        var link: StdioLink?
        do throws(GateError) {
            (connection, link) = try await begin(.current)
        } catch {
            throw ConnectFailure(error: error)
        }
        let greeting: BackendGreeting
        do throws(GateError) {
            switch (settings.era, remembered) {
            case (.legacy, _):
                greeting = try await initialize(&connection, &link, deadline: deadline)
            case (.auto, .legacy?):
                do throws(GateError) {
                    greeting = try await Handshake.initialize(connection, deadline: deadline)
                } catch {
                    // What answers and does not want to be greeted may have learnt the newer revision.
                    guard error.code == .backendError else { throw error }
                    greeting = try await greetNewly(&connection, &link, refused: error, deadline: deadline)
                }
            case (.modern, _), (.auto, .modern?), (.auto, nil):
                let patience =
                    remembered == nil && settings.era == .auto ? settings.probeTimeout : settings.startTimeout
                switch await Handshake.probe(connection, deadline: min(deadline, .now.advanced(by: patience))) {
                case .modern(let found): greeting = found
                case .failed(let error): throw error
                case .legacy: greeting = try await initialize(&connection, &link, deadline: deadline)
                case .lost:
                    // The question has killed it, or it is slow: a fresh one gets the old greeting.
                    await connection.close()
                    (connection, link) = try await begin(.current)
                    greeting = try await Handshake.initialize(
                        connection, deadline: .now.advanced(by: settings.startTimeout))
                }
            }
            if settings.era == .auto {
                if let remembered, remembered != greeting.version.era {
                    context.logger.notice(
                        "the server speaks another revision than before",
                        metadata: ["server": "\(settings.name)", "protocol": "\(greeting.version.rawValue)"])
                }
                context.eras.remember(settings.identity, greeting.version.era)
            }
            let tools =
                greeting.offers.contains(.tools)
                ? try await ListFetch(
                    connection: connection, kind: .tools, maxItems: settings.maxItems,
                    deadline: .now.advanced(by: settings.listTimeout)
                ).items() : ListedItems()
            return LiveConnection(connection: connection, link: link, greeting: greeting, tools: tools)
        } catch {
            let exit = link?.ownExit.map { ExitStatus($0) }
            await connection.close()
            // It may have been greeted wrongly: the next attempt finds out anew.
            if remembered != nil, error.code != .backendDown { context.eras.forgetEra(settings.identity) }
            var failure = ConnectFailure(error: error, exit: exit, stderr: link?.stderrTail(20) ?? [])
            if let exit { failure.error.message = "Server '\(settings.name)' ended before it was ready: \(exit)." }
            if let said = failure.stderr.last { failure.error.message += " Its last words: \(said)" }
            throw failure
        }
    }

    private func initialize(
        _ connection: inout BackendConnection, _ link: inout StdioLink?, deadline: Instant
    ) async throws(GateError) -> BackendGreeting {
        do throws(GateError) {
            return try await Handshake.initialize(connection, deadline: deadline)
        } catch {
            // An HTTP server that refuses `initialize` by POST may speak the transport of 2024-11-05.
            guard case .http = settings.connection, let status = error.upstreamStatus, [400, 404, 405].contains(status)
            else { throw error }
            await connection.close()
            (connection, link) = try await begin(.eventStream)
            return try await Handshake.initialize(connection, deadline: deadline)
        }
    }

    /// Asks a backend that has refused `initialize` whether it speaks 2026-07-28.
    private func greetNewly(
        _ connection: inout BackendConnection, _ link: inout StdioLink?, refused: GateError, deadline: Instant
    ) async throws(GateError) -> BackendGreeting {
        await connection.close()
        (connection, link) = try await begin(.current)
        let patience = min(deadline, .now.advanced(by: settings.probeTimeout))
        if case .modern(let greeting) = await Handshake.probe(connection, deadline: patience) { return greeting }
        await connection.close()
        (connection, link) = try await begin(.current)
        return try await initialize(&connection, &link, deadline: deadline)
    }

    private enum HTTPTransport { case current, eventStream }

    private func begin(_ transport: HTTPTransport) async throws(GateError) -> (BackendConnection, StdioLink?) {
        var logger = context.logger
        logger[metadataKey: "server"] = "\(settings.name)"
        let connection = BackendConnection(
            server: settings.name, eventLoop: context.group.next(), rules: settings.questions, logger: logger)
        switch settings.connection {
        case .stdio(let launch):
            let child = try await spawn(launch)
            do {
                let link = try await StdioLink.open(
                    child, limits: settings.stdio, loop: connection.eventLoop, receiver: connection,
                    budget: context.budget, logger: logger)
                connection.attach(link)
                try await admit(connection)
                return (connection, link)
            } catch let error as GateError {
                throw error
            } catch {
                throw failed("its pipes could not be set up: \(error)")
            }
        case .http(let target):
            // Before the handshake, whose times are the server's and not the token server's.
            do throws(TokenFailure) { try await target.tokens?.ready() } catch {
                throw GateError.credentialsUnavailable(settings.name, error.reason, retryAfter: error.retryAfter)
            }
            do throws(CurlError) {
                connection.attach(try open(target, transport, for: connection))
            } catch {
                throw failed(error.message)
            }
            try await admit(connection)
            return (connection, nil)
        }
    }

    private func admit(_ connection: BackendConnection) async throws(GateError) {
        if onBegin(connection) { return }
        await connection.close()
        throw failed("it was stopped while it was starting")
    }

    /// Each HTTP backend has an agent of its own: credentials and connections are never shared.
    private func open(
        _ target: BackendSettings.HTTPTarget, _ transport: HTTPTransport, for connection: BackendConnection
    ) throws(CurlError) -> any MessageLink {
        var options = CurlAgentOptions()
        options.name = "http-\(settings.name)"
        options.maxIdleConnections = settings.maxIdleConnections
        options.maxIdleAge = settings.maxIdleAge
        options.maxConnectionsPerHost = settings.maxHTTPConnections
        let agent = try CurlAgent(options: options)
        switch transport {
        case .current:
            return try StreamableHTTPLink(
                url: target.url, headers: target.headers, caFile: target.caFile, policy: target.addresses,
                tokens: target.tokens, agent: agent, receiver: connection, maxMessageBytes: settings.maxMessageBytes,
                loop: connection.eventLoop,
                budget: context.budget)
        case .eventStream:
            return try LegacySSELink.open(
                url: target.url, headers: target.headers, caFile: target.caFile, policy: target.addresses,
                tokens: target.tokens, agent: agent, receiver: connection, maxMessageBytes: settings.maxMessageBytes)
        }
    }

    private func spawn(_ launch: BackendSettings.Launch) async throws(GateError) -> ChildProcess {
        do {
            var environment = try ChildEnvironment.build(
                inherited: context.environment, configured: launch.environment, trust: launch.trust)
            let path = environment.last { $0.name == "PATH" }?.value ?? ""
            let resolver = CommandResolver(
                searchPath: path, home: context.environment["HOME"] ?? "/", workingDirectory: launch.workingDirectory)
            let executable = try resolver.resolve(launch.command)
            var spec = ProcessSpec(
                executable: executable, arguments: launch.arguments, environment: environment,
                workingDirectory: launch.workingDirectory, limits: settings.processLimits)
            spec.mark = ProcessMark()
            if let policy = settings.sandbox {
                let sandbox = try Sandbox(policy, executable: executable, support: context.sandboxSupport)
                // A variable of the configuration stays: whoever names a directory lists it, too.
                if !launch.environment.contains(where: { $0.name == "TMPDIR" }) {
                    environment.removeAll { $0.name == "TMPDIR" }
                    environment.append((name: "TMPDIR", value: sandbox.scratch.path))
                }
                spec.environment = environment
                if launch.workingDirectory == policy.dataDirectory { spec.workingDirectory = sandbox.scratch.path }
                spec.sandbox = sandbox
                if !sandbox.support.isFull {
                    context.logger.warning(
                        "the sandbox of this server is incomplete on this system",
                        metadata: ["server": "\(settings.name)", "sandbox": "\(sandbox.support.description)"])
                }
            }
            try DescriptorReserve.checkRoomForChild(executable)
            return try await ProcessSpawner.shared.spawn(spec)
        } catch {
            throw failed("\(error)")
        }
    }

    private func failed(_ what: String) -> GateError {
        GateError(
            .backendDown, "Server '\(settings.name)' could not be started: \(what)", source: .backend,
            server: settings.name)
    }
}
