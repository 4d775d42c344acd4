import GateBackend
import GateCore
import GateHTTP
import GateProtocol
import GateStore
import NIOCore
import NIOHTTP1

/// Tasks of 2025-11-25: the client asks for one, then polls it, or waits for its result.
extension MCPFrontEnd {
    /// What a request is to the task revision of sessions.
    enum TaskRequest {
        case create
        case get
        case result
        case list
        case cancel
    }

    /// - Returns: nil for requests that have nothing to do with tasks, or whose revision does not know them.
    static func taskRequest(_ message: WireMessage, _ version: ProtocolVersion) -> TaskRequest? {
        guard version == .v2025_11_25 else { return nil }
        if message.isMethod(MCPMethod.toolsCall) { return message.param("task") == nil ? nil : .create }
        if message.isMethod(MCPMethod.tasksGet) { return .get }
        if message.isMethod(MCPMethod.tasksResult) { return .result }
        if message.isMethod(MCPMethod.tasksList) { return .list }
        return message.isMethod(MCPMethod.tasksCancel) ? .cancel : nil
    }

    func answerTask(
        _ request: TaskRequest, _ message: WireMessage, _ context: MCPContext, _ http: HTTPRequest,
        _ exchange: HTTPExchange, _ id: ByteBuffer
    ) async {
        if request == .result { return await taskResult(message, context, http, exchange, id) }
        reply(await taskReply(request, message, context, id), context, on: exchange)
    }

    /// The answer to a request that needs no waiting.
    private func taskReply(
        _ request: TaskRequest, _ message: WireMessage, _ context: MCPContext, _ id: ByteBuffer
    ) async -> RPCReply {
        do throws(GateError) {
            switch request {
            case .create: return try await createTask(message, context, id)
            case .list: return try await listTasks(message, context, id)
            case .get, .result:
                guard let task = taskID(message), let view = try await tasks.view(task, for: context.owners) else {
                    return MCPFrontEnd.noTask("retrieve", id)
                }
                return .task(view, context.version, id, now: tasks.clock())
            case .cancel:
                guard let task = taskID(message), let outcome = try await tasks.cancel(task, for: context.owners) else {
                    return MCPFrontEnd.noTask("cancel", id)
                }
                switch outcome {
                case .cancelled(let view): return .task(view, context.version, id, now: tasks.clock())
                case .tooLate(let view):
                    let status = TaskText.legacyStatus(view).rawValue
                    return .error(
                        RPCCode.invalidParams, "Cannot cancel task: already in terminal status '\(status)'", id: id)
                }
            }
        } catch {
            return .error(error.code.traits.rpcCode, error.message, id: id, data: error.json.text)
        }
    }

    /// Calls that go on without their callers.
    var tasks: AsyncCalls { services.asyncCalls }

    func taskID(_ message: WireMessage) -> AsyncCallID? {
        message.string(message.param("taskId")).flatMap { AsyncCallID($0) }
    }

    static func noTask(_ verb: String, _ id: ByteBuffer, status: HTTPResponseStatus = .ok) -> RPCReply {
        .error(
            RPCCode.invalidParams,
            "Failed to \(verb) task: Task not found. It has expired, or it was never yours.", id: id, status: status)
    }

    // MARK: Creating

    private func createTask(
        _ message: WireMessage, _ context: MCPContext, _ id: ByteBuffer
    ) async throws(GateError) -> RPCReply {
        guard let wish = message.param("task"), wish.isObject, let members = JSONMembers(message.slice(wish.value))
        else { return .error(RPCCode.invalidParams, "params.task must be an object.", id: id) }
        var lifetime: Duration?
        if let field = members.find("ttl"), !field.isNull {
            guard let ttl = members.number("ttl").flatMap({ Int($0) }), ttl >= 0 else {
                return .error(
                    RPCCode.invalidParams, "params.task.ttl must be a whole number of milliseconds.", id: id)
            }
            lifetime = .milliseconds(min(max(ttl, 1_000), MCPFrontEnd.longestTaskLife))
        }
        var planned: PlannedCall
        switch plan(message, context, id) {
        case .answered(let reply): return reply.asError(id)
        case .own:
            return .error(
                RPCCode.methodNotFound, "This tool answers at once and cannot be called as a task.", id: id)
        case .call(let call): planned = call
        }
        guard services.taskSupport(planned.call.target) != .forbidden else {
            return .error(
                RPCCode.methodNotFound, "The tool forbids being called as a task. Call it without params.task.", id: id)
        }
        // Its progress and its questions are kept with it until its client asks for them.
        planned.call.listener = CallListener(capabilities: context.capabilities.known(to: context.version)) { _ in }
        if let live = context.live { MCPFrontEnd.tell(live, of: tasks) }
        var note = AsyncCallNote()
        note.isIndirect = planned.isIndirect
        note.progressToken = message.meta(MCPMeta.progressToken).flatMap { token in
            token.isString || token.isNumber ? ByteBuffer(bytes: message.bytes(token.value)) : nil
        }
        let view = try await tasks.submit(planned.call, owner: context.owner, lifetime: lifetime, note: note)
        var out = RPCReply.opening(id)
        out.writeStaticString("{\"task\":{")
        out.writeImmutable(
            TaskText.members(view, TaskText.legacyStatus(view), context.version, now: tasks.clock()))
        out.writeString("},\"_meta\":{\(TaskText.related(view.id))}}}")
        return RPCReply(parts: [out])
    }

    /// Tells a session of its tasks from here on, as far as it listens.
    private static func tell(_ live: LiveSession, of tasks: AsyncCalls) {
        live.watchTasks { owner in
            tasks.watch(owner, wantsProgress: true) { [weak live] view, isProgress in
                guard let notice = TaskText.notice(view, isProgress: isProgress, now: tasks.clock()) else { return }
                live?.notify(notice)
            }
        }
    }

    /// A hundred days in milliseconds: no client means more, and no sum of it is too large.
    private static let longestTaskLife = 8_640_000_000

    // MARK: Listing

    private static let tasksPerPage = 100

    private func listTasks(
        _ message: WireMessage, _ context: MCPContext, _ id: ByteBuffer
    ) async throws(GateError) -> RPCReply {
        var last: UInt64 = 0
        if let cursor = message.param("cursor"), !cursor.isNull {
            guard let text = message.string(cursor), let sequence = UInt64(text, radix: 36) else {
                return .error(RPCCode.invalidParams, "There is no such page. Ask again without \"cursor\".", id: id)
            }
            last = sequence
        }
        // One more than is shown tells whether there are more.
        let found = try await tasks.list(
            CallQuery(owners: [context.owner], order: .oldestFirst, past: last, limit: MCPFrontEnd.tasksPerPage + 1))
        let shown = found.prefix(MCPFrontEnd.tasksPerPage)
        var out = RPCReply.opening(id)
        out.writeStaticString("{\"tasks\":[")
        for (index, view) in shown.enumerated() {
            out.writeString(index == 0 ? "{" : ",{")
            out.writeImmutable(
                TaskText.members(view, TaskText.legacyStatus(view), context.version, now: tasks.clock()))
            out.writeStaticString("}")
        }
        out.writeStaticString("]")
        if found.count > shown.count, let sequence = shown.last?.record.sequence {
            out.writeString(",\"nextCursor\":\"\(String(sequence, radix: 36))\"")
        }
        out.writeStaticString("}}")
        return RPCReply(parts: [out])
    }

    // MARK: The result

    /// How long a client waits for a result before the answer's stream begins, so that nobody on the way takes the
    /// connection for dead.
    private static let patience = Duration.seconds(10)

    private func taskResult(
        _ message: WireMessage, _ context: MCPContext, _ request: HTTPRequest, _ exchange: HTTPExchange,
        _ id: ByteBuffer
    ) async {
        guard let task = taskID(message) else {
            return reply(MCPFrontEnd.noTask("retrieve", id), context, on: exchange)
        }
        let channel = replyChannel(context, request, exchange, id)
        let canceller = CallCanceller()
        // Whoever does not wait any more can ask again: only the wait ends, not the task. Once there is a stream, its client may
        // come back for it instead.
        exchange.onClose { _ in canceller.cancel() }
        let reply = await cancellable(canceller, context, id) {
            await canceller.run { await awaitResult(task, context, id, channel) }
        }
        channel.finish(reply)
    }

    private func awaitResult(
        _ task: AsyncCallID, _ context: MCPContext, _ id: ByteBuffer, _ channel: any ReplyChannel
    ) async -> RPCReply {
        do throws(GateError) {
            var view = try await tasks.wait(
                task, for: context.owners, upTo: MCPFrontEnd.patience, orQuestion: true)
            if view?.status.end == nil, view != nil, !Task.isCancelled {
                channel.begin()
                let asker = context.session.map { TaskAsker(questions, task, $0, context, channel, tasks) }
                let watch = tasks.watch(context.owner) { view, _ in asker?.ask(view) }
                if let now = try await tasks.view(task, for: context.owners) { asker?.ask(now) }
                view = try await tasks.wait(task, for: context.owners)
                withExtendedLifetime(watch) {}
                asker?.end()
            }
            guard let view else { return MCPFrontEnd.noTask("retrieve", id) }
            guard let outcome = view.outcome else {
                return .error(
                    RPCCode.internalError, "The wait was cancelled; the task goes on. Ask for its result again.", id: id
                )
            }
            tasks.collected(task)
            return TaskText.result(answer(outcome, view.record, context, id), of: task)
        } catch {
            return .error(error.code.traits.rpcCode, error.message, id: id, data: error.json.text)
        }
    }

    /// What the call itself would have been answered.
    func answer(
        _ outcome: AsyncOutcome, _ record: AsyncCallRecord, _ context: MCPContext, _ id: ByteBuffer
    ) -> RPCReply {
        let call = GatewayCall(
            target: ToolTarget(server: record.server, tool: record.tool), arguments: nil,
            caller: context.caller(services))
        let planned = PlannedCall(call: call, isIndirect: record.note.isIndirect)
        switch outcome {
        case .reply(let reply): return answerer.reply(.success(reply), to: planned, context, id)
        case .error(let error): return answerer.reply(.failure(error), to: planned, context, id)
        }
    }
}

extension MCPContext {
    /// For whom tasks exist: the session, or where there is none the agent.
    var owner: InstanceOwner {
        session.map { .session(high: $0.id.high, low: $0.id.low) } ?? agentOwner
    }

    /// The names by which whoever asks is known: what the agent submitted in another way is its task too.
    var owners: [InstanceOwner] { session == nil ? [owner] : [owner, agentOwner] }

    private var agentOwner: InstanceOwner {
        headers.map(AgentName.isGiven) ?? false ? .namedAgent(ExactText(agent)) : .agent(ExactText(agent))
    }
}

extension RPCReply {
    /// A task as the whole result.
    static func task(_ view: AsyncCallView, _ version: ProtocolVersion, _ id: ByteBuffer, now: Int) -> RPCReply {
        var out = RPCReply.opening(id)
        out.writeStaticString("{")
        out.writeImmutable(TaskText.members(view, TaskText.legacyStatus(view), version, now: now))
        out.writeStaticString("}}")
        return RPCReply(parts: [out])
    }

    /// A failed result as an error: whoever asked for a task cannot read the result of a tool.
    func asError(_ id: ByteBuffer) -> RPCReply {
        guard let message, let content = message.resultMember("content"),
            let text = message.value(content)?.arrayValue?.first?["text"]?.stringValue
        else { return self }
        let data = message.value(message.resultMember("structuredContent"))?.text
        return .error(RPCCode.invalidParams, text, id: id, data: data)
    }
}
