package import GateCore
package import GateProtocol
import NIOCore
import Synchronization

/// What a backend said of itself when the conversation began.
package struct BackendGreeting: Sendable {
    package let version: ProtocolVersion
    package let name: String?
    package let title: String?
    package let serverVersion: String?
    package let instructions: String?
    package let offers: BackendOffers

    package init(
        version: ProtocolVersion, name: String? = nil, title: String? = nil, serverVersion: String? = nil,
        instructions: String? = nil, offers: BackendOffers
    ) {
        self.version = version
        self.name = name
        self.title = title
        self.serverVersion = serverVersion
        self.instructions = instructions
        self.offers = offers
    }
}

/// Opens the conversation: finds out which era the backend speaks, within the rules of `server/discover` and `initialize`.
package enum Handshake {
    /// What a probe tells.
    package enum Verdict: Sendable {
        case modern(BackendGreeting)
        /// It answered, and not as a modern server does: `initialize` on the same connection.
        case legacy
        /// Silence, or it is gone: an old server that the probe has killed. `initialize` on a fresh connection.
        case lost
        /// No verdict about the era: it cannot be reached or refuses everybody.
        case failed(GateError)
    }

    /// Sends `server/discover` (2026-07-28).
    package static func probe(_ connection: BackendConnection, deadline: Instant) async -> Verdict {
        connection.era = .modern
        let request = BackendRequest(MCPMethod.discover, deadline: deadline, isCancellable: false)
        let reply: WireMessage
        do throws(GateError) {
            reply = try await connection.send(request)
        } catch {
            switch error.code {
            case .backendError where Handshake.isEraVerdict(error): return .legacy
            case .backendDied, .timeout: return .lost
            default: return .failed(error)
            }
        }
        if reply.envelope.kind == .result {
            guard reply.offersNewest else { return .legacy }
            let extensions = reply.value(reply.resultMember("capabilities"))?["extensions"]
            connection.state.withLock {
                $0.takesTasks = extensions?[ClientCapabilities.tasksExtension]?.objectValue != nil
            }
            return .modern(greeting(reply, version: .newest))
        }
        return .legacy
    }

    /// `initialize` and its confirmation (up to 2025-11-25).
    package static func initialize(
        _ connection: BackendConnection, deadline: Instant
    ) async throws(GateError) -> BackendGreeting {
        connection.era = .legacy
        var params = ByteBuffer()
        params.writeString(
            """
            "protocolVersion":"\(ProtocolVersion.newestLegacy.rawValue)","capabilities":\(connection.rules.declared.json.text),\
            "clientInfo":{"name":"stonegate","version":"\(StonegateVersion.current)"}
            """)
        let reply = try await connection.send(
            BackendRequest(MCPMethod.initialize, .members(params), deadline: deadline, isCancellable: false))
        guard reply.envelope.kind == .result else {
            throw GateError(
                .backendError, "Server '\(connection.server)' refused to initialize: \(reply.errorText).",
                source: .backend, server: connection.server, sent: true)
        }
        guard let text = reply.string(reply.resultMember("protocolVersion")),
            let version = ProtocolVersion(rawValue: text), version.era == .legacy
        else {
            throw connection.broken("`initialize` was not answered with a protocol version that stonegate knows.")
        }
        let takesLogLevel = reply.value(reply.resultMember("capabilities"))?["logging"]?.objectValue != nil
        let tasks = reply.value(reply.resultMember("capabilities"))?["tasks"]
        connection.state.withLock { state in
            state.takesLogLevel = takesLogLevel
            state.takesTasks = tasks?["requests"]?["tools"]?["call"]?.objectValue != nil
        }
        var notice = ByteBuffer()
        notice.writeStaticString("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n")
        connection.establish(version, announcing: notice)
        return greeting(reply, version: version)
    }

    /// HTTP refusals that only mean that a modern request was not understood (G-34); 401, 403 and 5xx say nothing about the era.
    fileprivate static func isEraVerdict(_ error: GateError) -> Bool {
        guard let status = error.upstreamStatus else { return false }
        return (400..<500).contains(status) && ![401, 403, 407, 408, 429].contains(status)
    }

    private static func greeting(_ reply: WireMessage, version: ProtocolVersion) -> BackendGreeting {
        let capabilities = reply.value(reply.resultMember("capabilities"))
        let info =
            reply.value(reply.resultMember("serverInfo")) ?? reply.value(reply.meta(MCPMeta.serverInfo)) ?? .null
        return BackendGreeting(
            version: version, name: info["name"]?.stringValue, title: info["title"]?.stringValue,
            serverVersion: info["version"]?.stringValue,
            instructions: reply.string(reply.resultMember("instructions")),
            offers: BackendOffers(capabilities, version: version))
    }
}

extension BackendConnection {
    /// The era that the backend speaks at this moment, asked beside what goes on here; nil when that cannot be told. One that
    /// speaks both speaks that of this connection.
    func eraNow(deadline: Instant) async -> ProtocolEra? {
        if era == .legacy {
            let ping = try? await send(BackendRequest(MCPMethod.ping, deadline: deadline, isCancellable: false))
            if ping?.envelope.kind == .result { return .legacy }
        }
        var request = BackendRequest(MCPMethod.discover, deadline: deadline, isCancellable: false)
        request.era = .modern
        do throws(GateError) {
            return try await send(request).offersNewest ? .modern : .legacy
        } catch {
            return Handshake.isEraVerdict(error) ? .legacy : nil
        }
    }

    /// Ends the handshake of a legacy connection: from here on HTTP sends the version with each request.
    func establish(_ version: ProtocolVersion, announcing notice: ByteBuffer) {
        let link = state.withLock { $0.link }
        link?.established(version)
        post(MCPMethod.initialized, notice)
    }
}

extension WireMessage {
    /// Whether it is an answer to `server/discover` that offers 2026-07-28.
    fileprivate var offersNewest: Bool {
        value(resultMember("supportedVersions"))?.arrayValue?
            .contains { $0.stringValue == ProtocolVersion.newest.rawValue } ?? false
    }

    /// What a JSON-RPC error says, for people.
    var errorText: String {
        let code = int(find("code", in: envelope.error)).map { " (\($0))" } ?? ""
        return (string(find("message", in: envelope.error)) ?? "no reason given") + code
    }
}
