import GateBackend
import GateCore
import GateProtocol
import NIOCore

/// What is remembered of a call when it is over.
extension Gateway {
    func record(_ call: GatewayCall, _ id: String, _ started: Instant, _ trace: CallTrace, _ reply: CallReply) {
        let now = Instant.now
        var record = record(call, id, started, now, trace)
        record.status = reply.isError ? .toolError : .success
        record.wasSent = true
        record.bytesOut = reply.message.envelope.result?.range.count ?? 0
        recorder.record(record, call.arguments)
        audit?.end(
            id, outcome: record.status.rawValue, sent: true, bytes: record.bytesOut, duration: record.total)
    }

    /// A call that may not run, because its beginning cannot be proved.
    func unresolved(_ error: GateError, _ call: GatewayCall, _ id: String) -> GateError {
        var error = error
        error.correlationID = id
        error.tool = call.target.tool
        let now = Instant.now
        record(call, id, now, CallTrace(), error)
        log(error, call)
        return error
    }

    func record(_ call: GatewayCall, _ id: String, _ started: Instant, _ trace: CallTrace, _ error: GateError) {
        var record = record(call, id, started, .now, trace)
        record.fail(with: error)
        if error.code == .timeout {
            let bound = registry.entry(call.server)?.backend.settings.requestTimeout
            record.timeout = min(call.timeout ?? bound ?? .zero, bound ?? call.timeout ?? .zero)
            record.timeoutRule =
                call.isAsync ? "async" : call.timeout.map { $0 < bound ?? $0 } ?? false ? "caller" : "server"
            if call.isAsync { record.timeout = call.timeout }
        }
        recorder.record(record, call.arguments)
    }

    /// A call that ended before it had a target.
    func recordUnresolved(_ error: GateError, tool: String) {
        var record = CallRecord(
            time: WallClock.milliseconds(), correlationID: error.correlationID ?? "", agent: "", source: "",
            server: error.server ?? "", tool: String(tool.prefix(128)), kind: "tool", status: .rejected, wasSent: false,
            total: .zero)
        record.fail(with: error)
        recorder.record(record, nil)
    }

    private func record(
        _ call: GatewayCall, _ id: String, _ started: Instant, _ now: Instant, _ trace: CallTrace
    ) -> CallRecord {
        let caller = call.caller
        var record = CallRecord(
            time: WallClock.milliseconds(), correlationID: id, agent: caller.agent, source: caller.source.rawValue,
            server: call.server, tool: call.operation.item, kind: call.operation.kindName, status: .success,
            wasSent: false, bytesIn: call.arguments?.readableBytes ?? 0, total: started.duration(to: now),
            facts: trace.finish(now: now))
        record.isAsync = call.isAsync
        record.session = caller.session
        return record
    }
}

extension CallRecord {
    fileprivate mutating func fail(with error: GateError) {
        code = error.code.rawValue
        message = error.message
        wasSent = error.sent
        switch error.code {
        case .timeout: status = error.sent ? .timeout : .rejected
        case .cancelled: status = .cancelled
        default: status = error.sent ? .error : .rejected
        }
    }
}

extension BackendOperation {
    fileprivate var kindName: String {
        switch self {
        case .tool: "tool"
        case .prompt: "prompt"
        case .resource: "resource"
        case .completion: "completion"
        }
    }
}
