import Foundation
import GateProtocol
import GateTestKit
import Synchronization
import Testing

/// A gateway with secrets planted wherever it takes some.
struct SecretRig: Sendable {
    /// Those of the configuration and of the environment; calls and requests bring their own.
    static let configured = [
        "env", "variable", "argument", "header", "user", "query", "missing", "tenant", "other-tenant",
    ]
    static func canary(_ name: String) -> String { "canary-\(name)-7f3a9c51e0d24b68" }
    /// Of the form that the configuration asks for.
    static let agentToken = "agent-token-canary-4d1c9be07a5f4f33a86e"
    static let otherToken = "other-token-canary-4d1c9be07a5f4f33a86e"

    static let agent = ["Authorization": "Bearer \(agentToken)"]
    static let other = ["Authorization": "Bearer \(otherToken)"]

    /// - Parameter more: further backends and sections.
    static func start(_ more: String = "") async throws -> GatewayProcess {
        func backend(_ name: String, _ keys: String) throws -> String {
            try Backends.fake(name).replacing("env = {  }", with: keys)
        }
        let config = """
            [audit]
            enabled = true

            [[tenants]]
            name = "t"
            allow = ["*"]
            values = { key = "\(canary("tenant"))" }

            [[tenants]]
            name = "u"
            allow = ["*"]
            values = { key = "\(canary("other-tenant"))" }

            [[agents]]
            name = "a"
            tenant = "t"
            token = "\(agentToken)"

            [[agents]]
            name = "b"
            tenant = "u"
            token = "\(otherToken)"

            \(try backend("fake", "env = { K = \"\(canary("env"))\", V = \"${CANARY_VARIABLE}\" }"))
            \(try backend("plain", "env = {}"))
            \(try backend("own", "isolation = \"per_tenant\"\nenv = { K = \"${tenant.key}\" }"))
            \(Backends.stdio("gone", "/nonexistent/program", ["--key=${CANARY_ARGUMENT}"], environment: ["K": canary("missing")]))
            [[backends]]
            name = "far"
            url = "http://\(canary("user")):x@127.0.0.1:\(try Sockets.freePort())/mcp?key=\(canary("query"))"
            headers = { X-Key = "\(canary("header"))" }

            \(more)
            """
        let gateway = try await GatewayProcess.start(
            config,
            environment: [
                "PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "CANARY_VARIABLE": canary("variable"),
                "CANARY_ARGUMENT": canary("argument"),
            ])
        try await gateway.running(["fake", "plain", "own"])
        try await gateway.log("[gone] server is backing_off")
        try await gateway.log("[far] server is backing_off")
        return gateway
    }
}

/// What was shown, and where.
final class Sweep: Sendable {
    private let shown = Mutex<[(place: String, text: String)]>([])

    var places: Int { shown.withLock { $0.count } }

    func add(_ place: String, _ text: String) { shown.withLock { $0.append((place, text)) } }

    /// What the gateway's programs print.
    func addOutput(of gateway: GatewayProcess) {
        add("stderr", gateway.program.errors.all.joined(separator: "\n"))
        add("stdout", gateway.program.output.all.joined(separator: "\n"))
    }

    /// The files of the data directory, but those that are there to hold a secret.
    /// - Returns: their names.
    func addFiles(of gateway: GatewayProcess, except: Set<String> = ["admin.token", "callback.secret"]) -> [String] {
        let files = FileManager.default.enumerator(atPath: gateway.dataDirectory)?.allObjects ?? []
        var kept: [String] = []
        for case let file as String in files where !except.contains(file) {
            let content = FileManager.default.contents(atPath: "\(gateway.dataDirectory)/\(file)") ?? Data()
            if !content.isEmpty { kept.append(file) }
            add("file \(file)", String(decoding: content, as: UTF8.self))
        }
        return kept
    }

    /// None of the secrets is anywhere.
    func expectNone(of secrets: [String], sourceLocation: SourceLocation = #_sourceLocation) {
        for (place, text) in shown.withLock({ $0 }) {
            for secret in secrets {
                #expect(!text.contains(secret), "\(secret) in \(place)", sourceLocation: sourceLocation)
            }
        }
    }
}

extension GatewayProcess {
    /// Everything that nobody but its owner may see: what was planted, the tokens, and the secrets that the gateway has made.
    func secrets(_ calls: [String] = []) throws -> [String] {
        var secrets =
            (SecretRig.configured + calls).map(SecretRig.canary) + [SecretRig.agentToken, SecretRig.otherToken]
        secrets.append(try #require(adminToken))
        if let callback = directory.read("data/callback.secret")?.filter({ !$0.isWhitespace }) {
            secrets += [callback, String(callback.dropFirst("whsec_".count))]
        }
        return secrets
    }
}
