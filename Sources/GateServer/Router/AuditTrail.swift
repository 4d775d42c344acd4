import GateAudit
import GateBackend
import GateConfig
import GateCore
import GateCrypto
import GateProtocol
import Logging
import NIOCore

/// What the gateway writes into its audit log.
package struct AuditTrail: Sendable {
    private let log: AuditLog
    private let digest: KeyedHash
    /// Longer values from outside are cut.
    private let mostText: Int

    /// - Returns: nil when the audit log is off.
    /// - Throws: when it cannot be trusted or written, in words for the operator.
    static func open(
        _ config: GatewayConfig, _ directory: StateDirectory, _ logger: Logger
    ) throws(StateDirectoryError) -> AuditTrail? {
        guard config.audit.enabled else { return nil }
        let seed: [UInt8]
        let digestKey: [UInt8]
        do throws(GateError) {
            seed = try directory.secret("audit.key", bytes: SigningKey.bytes)
            digestKey = try directory.secret("log.key", bytes: KeyedHash.keyBytes)
        } catch {
            throw StateDirectoryError(description: error.message, isBusy: false)
        }
        guard let key = SigningKey(seed: seed), let digest = KeyedHash(key: digestKey) else {
            throw StateDirectoryError(description: "the keys of the audit log cannot be used", isBusy: false)
        }
        var options = AuditLog.Options()
        options.blocks = config.audit.blockOnFailure
        options.segmentBytes = config.limits.auditFileBytes
        do throws(StoreFailure) {
            let log = try AuditLog(
                folder: AuditFolder("\(directory.path)/audit"), key: key, options: options,
                clock: { WallClock.text(WallClock.milliseconds()) }, report: { logger.error("\($0)") },
                onHead: { logger.info("audit head", metadata: ["head": "\($0)"]) })
            return AuditTrail(log: log, digest: digest, mostText: config.limits.auditRecordBytes / 16)
        } catch {
            throw StateDirectoryError(description: error.reason, isBusy: false)
        }
    }

    func close() async { await log.close() }

    /// Why something is missing in the log, for ``HealthInfo/warnings``.
    var warnings: [String] {
        if let broken = log.broken { return ["the audit log is not written any more: \(broken.reason)"] }
        return log.lost > 0 ? ["\(log.lost) records are missing in the audit log"] : []
    }

    // MARK: Calls

    /// - Throws: when the call may not run, because nobody could prove later that it did.
    func begin(_ call: GatewayCall, _ id: String) async throws(GateError) {
        do throws(StoreFailure) {
            try await log.append("call_start", members(call, id) + Array(",\"decision\":\"allowed\"".utf8))
        } catch {
            let words =
                "The call was not sent: its beginning could not be written into the audit log (\(error.reason)), and "
                + "audit.block_on_failure demands that."
            if case .full = error { throw GateError(.storageFull, words, server: call.server, retryAfter: 30) }
            throw GateError(.storageFailed, words, server: call.server)
        }
    }

    func end(_ id: String, outcome: String, sent: Bool, bytes: Int, duration: Duration) {
        log.note(
            "call_end",
            text("correlation_id", id) + text(",outcome", outcome)
                + Array(",\"sent\":\(sent),\"bytes_out\":\(bytes),\"duration_us\":\(duration.wholeMicroseconds)".utf8))
    }

    /// A call that ended before it could begin.
    func refused(_ error: GateError, tool: String) {
        log.note(
            "call_refused",
            text("correlation_id", error.correlationID ?? "") + text(",server", error.server ?? "")
                + text(",tool", tool) + text(",decision", error.code.rawValue))
    }

    private func members(_ call: GatewayCall, _ id: String) -> [UInt8] {
        var out = text("correlation_id", id)
        out += text(",agent", call.caller.agent)
        if let session = call.caller.session { out += text(",session", "\(session)") }
        out += text(",source", call.caller.source.rawValue)
        if call.isAsync { out += Array(",\"async\":true".utf8) }
        out += text(",server", call.server)
        out += text(",tool", call.operation.item)
        if let arguments = call.arguments {
            out += Array(",\"arguments_bytes\":\(arguments.readableBytes),\"arguments_digest\":\"".utf8)
            out += Array(Hex.encode(digest.tag(arguments.readableBytesView)).utf8) + [UInt8(ascii: "\"")]
        }
        return out
    }

    // MARK: Administrative acts

    /// - Parameters:
    ///   - target: a server, or nothing.
    ///   - result: `ok`, or the code of the failure.
    func act(_ action: String, _ target: String, result: String = "ok", detail: String? = nil) {
        var out = text("action", action) + text(",target", target)
        out += text(",result", result)
        if let detail { out += text(",detail", detail) }
        log.note("admin", out)
    }

    /// Writes down an act and how it went.
    func acting(_ action: String, _ target: String, _ body: () throws(GateError) -> Void) throws(GateError) {
        do throws(GateError) {
            try body()
            act(action, target)
        } catch {
            act(action, target, result: error.code.rawValue)
            throw error
        }
    }

    /// `"name":"value"`; a name with a comma before it has one before it in the text too.
    private func text(_ name: String, _ value: String) -> [UInt8] {
        let hasComma = name.hasPrefix(",")
        let shown =
            value.utf8.count <= mostText ? value : String(decoding: value.utf8.prefix(mostText), as: UTF8.self) + "…"
        return Array((hasComma ? "," : "").utf8) + JSONString.encode(hasComma ? String(name.dropFirst()) : name)
            + [UInt8(ascii: ":")] + JSONString.encode(shown)
    }
}
