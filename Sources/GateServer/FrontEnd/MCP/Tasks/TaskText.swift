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

    /// `inputRequests` (2026-07-28): what is to be answered before the task can go on.
    static func inputRequests(_ view: AsyncCallView, _ capabilities: ClientCapabilities) -> ByteBuffer {
        var out = ByteBuffer(string: "\"inputRequests\":{")
        for (index, question) in view.questions.enumerated() {
            let form = QuestionForm.fitting(
                question.kind, question.params, version: .newest, capabilities: capabilities,
                elicitationID: ElicitationID.make)
            out.writeString("\(index > 0 ? "," : "")\"\(question.key)\":{\"method\":\"\(question.method)\",\"params\":")
            if case .params(let params) = form {
                out.writeImmutable(params)
            } else {
                out.writeImmutable(question.params)
            }
            out.writeStaticString("}")
        }
        out.writeStaticString("}")
        return out
    }

    /// What a session is told of a change of one of its tasks; nil when there is nothing to be told.
    static func notice(_ view: AsyncCallView, isProgress: Bool, now: Int) -> Notice? {
        guard isProgress else {
            return Notice(
                method: MCPMethod.taskStatus, params: members(view, legacyStatus(view), .v2025_11_25, now: now))
        }
        guard let token = view.record.note.progressToken, let progress = view.progress else { return nil }
        var params = ByteBuffer(string: "\"progressToken\":")
        params.writeImmutable(token)
        params.writeStaticString(",")
        params.writeImmutable(progress)
        params.writeString(",\"_meta\":{\(related(view.id))}")
        return Notice(method: MCPMethod.progress, params: params)
    }

    /// The member of `_meta` that says to which task a message belongs (2025-11-25).
    static func related(_ id: AsyncCallID) -> String { "\"\(MCPMeta.relatedTask)\":{\"taskId\":\"\(id)\"}" }

    /// The params of a request that belongs to a task.
    static func related(_ params: ByteBuffer, to id: AsyncCallID) -> ByteBuffer {
        guard let members = JSONMembers(params) else { return params }
        var out = ByteBuffer()
        if let meta = members.find("_meta"), meta.isObject {
            let start = meta.value.lowerBound + 1
            let isEmpty = JSONMembers(members.slice(meta))?.fields.list.isEmpty ?? true
            out.writeImmutable(params.getSlice(at: params.readerIndex, length: start) ?? ByteBuffer())
            out.writeString(related(id) + (isEmpty ? "" : ","))
            let rest = params.readableBytes - start
            out.writeImmutable(params.getSlice(at: params.readerIndex + start, length: rest) ?? ByteBuffer())
            return out
        }
        let start = members.fields.range.lowerBound + 1
        out.writeString("{\"_meta\":{\(related(id))}" + (members.fields.list.isEmpty ? "" : ","))
        let rest = params.readableBytes - start
        out.writeImmutable(params.getSlice(at: params.readerIndex + start, length: rest) ?? ByteBuffer())
        return out
    }

    /// The answer to a call as the answer to `tasks/result`: the same, with the task's id in its `_meta`.
    static func result(_ reply: RPCReply, of id: AsyncCallID) -> RPCReply {
        guard let message = reply.message, let fields = message.envelope.result else { return reply }
        let end = message.slice(fields.range.upperBound..<message.buffer.readableBytes)
        let begin = message.slice(0..<fields.range.lowerBound)
        return RPCReply(status: reply.status, parts: [begin, related(message.slice(fields.range), to: id), end])
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
