import GateCore
import GateProtocol
import NIOCore
import Synchronization

/// Calls that their backend serves as tasks: waited for here, so that callers get a plain result.
extension BackendConnection {
    /// Sends a call. Where the backend makes a task of it, polls the task until it has ended, passes on what it asks and how it
    /// goes on, and returns what the call itself would have been answered.
    ///
    /// - Parameter demanded: whether the tool can only be called as a task, by its own word (2025-11-25).
    func sendCall(_ request: BackendRequest, demanded: Bool) async throws(GateError) -> WireMessage {
        let (era, takesTasks) = state.withLock { ($0.era, $0.takesTasks) }
        guard takesTasks, let deadline = request.deadline, era == .modern || demanded else {
            return try await send(request)
        }
        var request = request
        request.tasks = era == .modern ? .understood : .demanded
        let key = makeKey()
        state.withLock { state in
            state.table.follow(key, request.listener)
            state.table.expectTask(key)
            state.table.beginTask(key, request.owner)
        }
        defer {
            state.withLock { state in
                state.table.unfollow(key)
                state.table.endTask(key)
            }
        }
        let created = try await send(request, key: key)
        _ = state.withLock { $0.table.tookTask(key) }
        guard let task = BackendTask(created: created, era: era) else { return created }
        do throws(GateError) {
            return try await outcome(of: task, request, key, deadline, era)
        } catch {
            if let owner = request.owner { state.withLock { $0.givenUp.add(key, owner, now: .now) } }
            post(MCPMethod.tasksCancel, task.member, name: task.id)
            throw lost(error)
        }
    }

    private func outcome(
        of created: BackendTask, _ request: BackendRequest, _ key: UInt64, _ first: Instant, _ era: ProtocolEra
    ) async throws(GateError) -> WireMessage {
        var task = created
        var deadline = first
        let questions = TaskQuestions(self, task, request.listener)
        defer { questions.end() }
        // What is known of the task comes with the next poll.
        if era == .modern, task.status != .cancelled { task.status = .working }
        while true {
            switch task.status {
            case .completed, .failed, .inputRequired:
                // In the sessions' revision the result's own request brings the questions, and waits until the task has ended.
                if era == .legacy { return try await result(of: task, request, key, deadline) }
            case .cancelled:
                throw GateError(
                    .backendError, "Server '\(server)' cancelled the task that the call was.", source: .backend,
                    server: server, sent: true)
            case .working: break
            }
            let begun = Instant.now
            try await rest(min(task.pause, max(.zero, begun.duration(to: deadline))))
            // While somebody is asked, the call's time stands still.
            if questions.areOpen { deadline = deadline.advanced(by: begun.duration(to: .now)) }
            guard Instant.now < deadline else { throw timedOut() }
            let poll = BackendRequest(MCPMethod.tasksGet, .members(task.member), named: task.id, deadline: deadline)
            let reply = try await send(poll)
            guard reply.envelope.kind == .result else { throw unknown(reply) }
            task.update(reply)
            guard era == .modern else { continue }
            if let ended = try inlined(reply, task) { return ended }
            if let failure = questions.update(task.status == .inputRequired ? reply : nil, timeout: rules.timeout) {
                throw failure
            }
        }
    }

    /// What the backend asks on the way to the result goes to the call's own listener.
    private func result(
        of task: BackendTask, _ request: BackendRequest, _ call: UInt64, _ deadline: Instant
    ) async throws(GateError) -> WireMessage {
        var wanted = BackendRequest(MCPMethod.tasksResult, .members(task.member), deadline: deadline)
        wanted.owner = request.owner
        wanted.listener = request.listener
        // Progress comes under the token of the call.
        wanted.listener?.wantsProgress = false
        let key = makeKey()
        state.withLock { $0.table.awaitResult(of: call, by: key) }
        return try await send(wanted, key: key).withoutRelatedTask
    }

    /// The outcome of a task of 2026-07-28, which comes with its status; nil while there is none.
    private func inlined(_ reply: WireMessage, _ task: BackendTask) throws(GateError) -> WireMessage? {
        let member: (name: StaticString, field: JSONField?)
        switch task.status {
        case .completed: member = ("result", reply.resultMember("result"))
        case .failed: member = ("error", reply.resultMember("error"))
        case .working, .inputRequired, .cancelled: return nil
        }
        guard let field = member.field, field.isObject, let id = reply.envelope.id else {
            throw broken("its task has ended, but has no \(member.name).")
        }
        var text = ByteBuffer(string: "{\"jsonrpc\":\"2.0\",\"id\":")
        text.writeImmutable(reply.slice(id.value))
        text.writeString(",\"\(member.name)\":")
        text.writeImmutable(reply.slice(field.value))
        text.writeStaticString("}")
        do throws(EnvelopeFault) {
            return try WireMessage(text, limits: limits)
        } catch {
            throw broken("the \(member.name) of its task is not valid: \(error.message)")
        }
    }

    private func rest(_ time: Duration) async throws(GateError) {
        let timer = eventLoop.scheduleTask(in: TimeAmount(time)) {}
        await withTaskCancellationHandler {
            _ = try? await timer.futureResult.get()
        } onCancel: {
            timer.cancel()
        }
        if Task.isCancelled { throw cancelled() }
    }

    // MARK: Requests whose answers nobody needs

    /// A call was given up before its backend had said that it is a task: nobody else can stop it.
    func cancelLate(_ message: WireMessage) {
        guard let task = BackendTask(created: message, era: era) else { return }
        post(MCPMethod.tasksCancel, task.member, name: task.id)
    }

    /// Sends a request and forgets it: its answer is no stray message.
    /// - Parameter name: what HTTP mirrors (2026-07-28).
    func post(_ method: StaticString, _ members: ByteBuffer, name: String) {
        let (key, link, era) = state.withLock { state in
            let key = state.table.makeKey()
            state.table.forget(key)
            return (key, state.link, state.era)
        }
        let request = BackendRequest(method, .members(members), named: name, deadline: nil)
        link?.send(
            OutboundMessage(
                key: key, method: method, name: request.mirroredName, body: request.encoded(key: key, era: era),
                era: era))
        // A backend that does not answer must not hold a connection for it.
        _ = eventLoop.scheduleTask(in: .seconds(10)) { [weak link] in _ = link?.abandon(key) }
    }

    // MARK: Errors

    /// A failure on the way to the outcome: whatever it was, the call itself had been sent.
    private func lost(_ error: GateError) -> GateError {
        if error.sent { return error }
        if error.code == .cancelled { return cancelled() }
        return GateError(
            .outcomeUnknown,
            "The call was a task at server '\(server)', and how it ended could not be found out: \(error.message)",
            source: .backend, server: server, sent: true)
    }

    private func unknown(_ reply: WireMessage) -> GateError {
        GateError(
            .outcomeUnknown,
            "The call was a task at server '\(server)', which knows nothing of it any more: \(reply.errorText).",
            source: .backend, server: server, sent: true)
    }
}

extension WireMessage {
    /// The message without the id that the backend gave the task: it is nothing to the caller.
    var withoutRelatedTask: WireMessage {
        guard let meta = resultMember("_meta"), meta.isObject else { return self }
        let fields = buffer.withUnsafeReadableBytes { text -> [JSONField] in
            var scanner = JSONScanner(UnsafeRawBufferPointer(rebasing: text[meta.value]))
            return (try? scanner.scanObject())?.list ?? []
        }
        let base = meta.value.lowerBound
        let kept = buffer.withUnsafeReadableBytes { text in
            let own = UnsafeRawBufferPointer(rebasing: text[meta.value])
            return fields.filter { !JSONString.equal(own, $0.key, MCPMeta.relatedTask) }
        }
        guard kept.count < fields.count else { return self }
        var out = ByteBuffer()
        out.writeImmutable(slice(0..<(base + 1)))
        for (index, field) in kept.enumerated() {
            if index > 0 { out.writeStaticString(",") }
            out.writeImmutable(slice((base + field.key.lowerBound - 1)..<(base + field.value.upperBound)))
        }
        out.writeImmutable(slice((meta.value.upperBound - 1)..<buffer.readableBytes))
        return (try? WireMessage(out, limits: JSONLimits(nodes: .max, members: .max))) ?? self
    }
}
