import GateBackend
import GateCore
import GateProtocol
import NIOCore

/// Asynchronous calls as the protocol's tasks, in the words of both revisions that have them.
enum TaskText {
    enum Status: String {
        case working
        case inputRequired = "input_required"
        case completed
        case failed
        case cancelled
    }

    /// The members of a task as both revisions write them, without braces.
    ///
    /// - Parameter status: how the task stands in the terms of the revision.
    static func members(
        _ view: AsyncCallView, _ status: Status, _ version: ProtocolVersion, now: Int
    ) -> ByteBuffer {
        let isModern = version.era == .modern
        var out = ByteBuffer(string: "\"taskId\":\"\(view.id)\",\"status\":\"\(status.rawValue)\"")
        if let message = message(view, status) {
            out.writeStaticString(",\"statusMessage\":")
            out.writeJSONString(message)
        }
        out.writeString(
            ",\"createdAt\":\"\(WallClock.text(view.record.createdAt))\""
                + ",\"lastUpdatedAt\":\"\(WallClock.text(view.record.updatedAt))\""
                + ",\"\(isModern ? "ttlMs" : "ttl")\":\(view.ttl)")
        if view.status.end == nil {
            out.writeString(",\"\(isModern ? "pollIntervalMs" : "pollInterval")\":\(pollInterval(view, now: now))")
        }
        return out
    }

    /// The status for a client of 2025-11-25: there a failed result is a failed task.
    static func legacyStatus(_ view: AsyncCallView) -> Status {
        switch view.status {
        case .queued, .running: return .working
        case .inputRequired: return .inputRequired
        case .cancelled: return .cancelled
        case .failed, .outcomeUnknown: return .failed
        case .complete:
            guard case .reply(let reply)? = view.outcome else { return .failed }
            return reply.isError ? .failed : .completed
        }
    }

    /// Often at first, seldom when it has taken long already.
    private static func pollInterval(_ view: AsyncCallView, now: Int) -> Int {
        let age = max(0, now - view.record.createdAt)
        return min(max(age / 20, 500), 5_000) / 100 * 100
    }

    private static func message(_ view: AsyncCallView, _ status: Status) -> String? {
        switch status {
        case .working:
            if view.status == .queued { return "Waiting for a place at server '\(view.record.server)'." }
            return view.progress.flatMap(progress)
        case .inputRequired:
            let count = view.questions.count
            return count == 1 ? "One question is to be answered." : "\(count) questions are to be answered."
        case .completed: return nil
        case .failed, .cancelled:
            if case .error(let error)? = view.outcome { return "\(error.code.rawValue): \(error.message)" }
            return status == .failed ? "The tool says that it failed." : nil
        }
    }

    /// The newest progress in words.
    private static func progress(_ members: ByteBuffer) -> String? {
        var object = ByteBuffer(string: "{")
        object.writeImmutable(members)
        object.writeStaticString("}")
        guard let found = JSONMembers(object), let value = found.number("progress") else { return nil }
        let count = found.number("total").map { "\(value) of \($0)" } ?? value
        return found.string("message").map { "\($0) (\(count))" } ?? "Progress: \(count)"
    }

    /// The member of `_meta` that says to which task a message belongs (2025-11-25).
    static func related(_ id: AsyncCallID) -> String { "\"\(MCPMeta.relatedTask)\":{\"taskId\":\"\(id)\"}" }

    /// The answer to a call as the answer to `tasks/result`: the same, with the task's id in its `_meta`.
    static func result(_ reply: RPCReply, of id: AsyncCallID) -> RPCReply {
        guard let message = reply.message, let fields = message.envelope.result else { return reply }
        var parts: [ByteBuffer] = []
        if let meta = message.resultMember("_meta"), meta.isObject {
            let start = meta.value.lowerBound + 1
            let rest = message.slice(start..<message.buffer.readableBytes)
            let isEmpty = JSONMembers(message.slice(meta.value))?.fields.list.isEmpty ?? true
            parts = [message.slice(0..<start), ByteBuffer(string: related(id) + (isEmpty ? "" : ",")), rest]
        } else {
            let start = fields.range.lowerBound + 1
            let rest = message.slice(start..<message.buffer.readableBytes)
            let end = fields.list.isEmpty ? "}" : "},"
            parts = [message.slice(0..<start), ByteBuffer(string: "\"_meta\":{\(related(id))\(end)"), rest]
        }
        return RPCReply(status: reply.status, parts: parts)
    }
}

extension RPCReply {
    /// The reply as one message, read again; nil for what no message is.
    var message: WireMessage? {
        var whole = ByteBuffer()
        for part in parts { whole.writeImmutable(part) }
        return try? WireMessage(whole, limits: JSONLimits(nodes: .max, members: .max))
    }
}
