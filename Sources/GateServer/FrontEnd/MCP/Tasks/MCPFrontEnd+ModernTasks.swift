import GateBackend
import GateCore
import GateHTTP
import GateProtocol
import NIOCore
import NIOHTTP1

/// The tasks extension of 2026-07-28: a call that takes long becomes a task, for clients that say that they know tasks.
extension MCPFrontEnd {
    /// Carries a tool's call out whose client knows tasks: answered when it ends soon, else a task that goes on.
    func taskCall(
        _ planned: PlannedCall, _ message: WireMessage, _ context: MCPContext, _ request: HTTPRequest,
        _ exchange: HTTPExchange, _ id: ByteBuffer, _ canceller: CallCanceller, _ company: CallCompany
    ) async {
        let channel = replyChannel(context, request, exchange, id)
        let progress = company.token.map { ProgressNotices(token: $0, channel: channel) }
        var listened = planned
        // Once it is a task, nobody is told but who asks; the channel takes nothing any more then.
        listened.call.listener = CallListener(
            wantsProgress: true, capabilities: company.capabilities, logLevel: company.logLevel
        ) { event in
            switch event {
            case .progress(let members): progress?.send(members)
            case .log(let level, let params): LogNotices.send(level, params, to: channel, from: company.logLevel)
            case .question: break
            }
        }
        var note = AsyncCallNote()
        note.isIndirect = planned.isIndirect
        // Under a key it is kept from the beginning.
        let isAtOnce = message.meta(MCPMeta.task)?.isTrue ?? false || planned.call.key != nil
        let result = await canceller.run { [listened, note] () async -> Result<AsyncCallView, GateError> in
            do throws(GateError) {
                if isAtOnce {
                    return .success(try await tasks.submit(listened.call, owner: context.owner, note: note))
                }
                return .success(
                    try await tasks.attempt(
                        listened.call, owner: context.owner, for: options.taskAfter, note: note))
            } catch {
                return .failure(error)
            }
        }
        switch result {
        case .failure(let error): channel.finish(answerer.reply(.failure(error), to: planned, context, id))
        case .success(let view):
            switch view.outcome {
            case .reply(let reply)?: channel.finish(answerer.reply(.success(reply), to: planned, context, id))
            case .error(let error)?: channel.finish(answerer.reply(.failure(error), to: planned, context, id))
            case nil: channel.finish(.created(view, id, now: tasks.clock()))
            }
        }
    }

    // MARK: The extension's own requests

    /// - Returns: nil for requests that are none of the extension's.
    func modernTaskReply(
        _ message: WireMessage, _ request: HTTPRequest, _ scope: Visibility, _ id: ByteBuffer
    ) async -> RPCReply? {
        let isGet = message.isMethod(MCPMethod.tasksGet)
        let isUpdate = message.isMethod(MCPMethod.tasksUpdate)
        guard isGet || isUpdate || message.isMethod(MCPMethod.tasksCancel) else { return nil }
        let context = taskContext(message, request, scope)
        guard context.capabilities.contains(.tasks) else { return MCPFrontEnd.needsTasks(id) }
        guard let task = taskID(message) else {
            return MCPFrontEnd.noTask(isGet ? "retrieve" : isUpdate ? "update" : "cancel", id, status: .badRequest)
        }
        do throws(GateError) {
            if isUpdate { return try await updateTask(task, message, context, id) }
            if isGet {
                guard let view = try await tasks.view(task, for: context.owners) else {
                    return MCPFrontEnd.noTask("retrieve", id, status: .badRequest)
                }
                if view.outcome != nil { tasks.collected(task) }
                return .detailed(detailed(view, context), id)
            }
            guard try await tasks.cancel(task, for: context.owners) != nil else {
                return MCPFrontEnd.noTask("cancel", id, status: .badRequest)
            }
            return .acknowledged(id)
        } catch {
            return .error(error.code.traits.rpcCode, error.message, id: id, data: error.json.text)
        }
    }

    func taskContext(_ message: WireMessage, _ request: HTTPRequest, _ scope: Visibility) -> MCPContext {
        MCPContext(
            version: .newest, session: nil, agent: modernAgent(message, request.headers), scope: scope,
            capabilities: message.value(message.meta(MCPMeta.clientCapabilities)).map { ClientCapabilities($0) } ?? [],
            headers: request.headers)
    }

    static func needsTasks(_ id: ByteBuffer) -> RPCReply {
        .error(
            RPCCode.missingCapability,
            "This needs the extension \(ClientCapabilities.tasksExtension) in the request's clientCapabilities.",
            id: id,
            status: .badRequest,
            data: "{\"requiredCapabilities\":{\"extensions\":{\"\(ClientCapabilities.tasksExtension)\":{}}}}")
    }

    private func updateTask(
        _ task: AsyncCallID, _ message: WireMessage, _ context: MCPContext, _ id: ByteBuffer
    ) async throws(GateError) -> RPCReply {
        guard let field = message.param("inputResponses"), field.isObject,
            let given = JSONMembers(message.slice(field.value))
        else {
            return .error(
                RPCCode.invalidParams, "params.inputResponses must be an object.", id: id, status: .badRequest)
        }
        guard let view = try await tasks.view(task, for: context.owners) else {
            return MCPFrontEnd.noTask("update", id, status: .badRequest)
        }
        var answers: [(key: String, text: ByteBuffer)] = []
        // What answers no open question is ignored, as the extension wants it.
        for question in view.questions {
            guard let field = given.fields.list.first(where: { given.isKey($0, question.key) }) else { continue }
            let text = given.slice(field)
            let fault = JSONMembers(text).map { question.kind.fault($0) } ?? "must be an object"
            if let fault {
                return .error(
                    RPCCode.invalidParams, "inputResponses: \"\(question.key)\" \(fault).", id: id, status: .badRequest)
            }
            answers.append((question.key, ByteBuffer(bytes: text.readableBytesView)))
        }
        for answer in answers { tasks.answer(task, for: context.owners, answer.key, .result(answer.text)) }
        return .acknowledged(id)
    }

    /// A task with what its status brings along: the result, the error or the questions. Members without braces.
    func detailed(_ view: AsyncCallView, _ context: MCPContext) -> ByteBuffer {
        var status = TaskText.Status.working
        var more = ByteBuffer()
        switch view.status {
        case .queued, .running: break
        case .cancelled: status = .cancelled
        case .inputRequired:
            status = .inputRequired
            more = TaskText.inputRequests(view, context.capabilities.known(to: .newest))
        case .complete, .failed, .outcomeUnknown:
            let reply = view.outcome.map { answer($0, view.record, context, ByteBuffer(string: "0")) }?.message
            if let reply, let result = reply.envelope.result {
                status = .completed
                more.writeStaticString("\"result\":")
                more.writeImmutable(reply.slice(result.range))
            } else {
                status = .failed
                more.writeStaticString("\"error\":")
                if let reply, let error = reply.envelope.error {
                    more.writeImmutable(reply.slice(error.range))
                } else {
                    more.writeString("{\"code\":\(RPCCode.internalError),\"message\":\"The outcome is not known.\"}")
                }
            }
        }
        var out = TaskText.members(view, status, .newest, now: tasks.clock())
        if more.readableBytes > 0 {
            out.writeStaticString(",")
            out.writeImmutable(more)
        }
        return out
    }

    // MARK: Subscriptions

    /// The tasks of a wish that can be subscribed to: those that are the client's own.
    func subscribable(_ ids: [String], _ context: MCPContext) async -> [String] {
        var found: [String] = []
        for text in ids {
            guard let id = AsyncCallID(text), let view = try? await tasks.view(id, for: context.owners) else {
                continue
            }
            found.append(view.id.description)
        }
        return found
    }

    /// Tells a subscription of those of its tasks that have ended before it listened: nothing else will come of them.
    func tellEnded(_ ids: [String], _ context: MCPContext, _ outlet: any EventOutlet) async {
        for id in ids.compactMap({ AsyncCallID($0) }) {
            guard let view = try? await tasks.view(id, for: context.owners), view.status.end != nil else { continue }
            _ = outlet.notify(Notice(method: MCPMethod.taskChanged, params: detailed(view, context)))
        }
    }

    /// Tells a subscription of its tasks from here on.
    func taskSubscription(_ ids: [String], _ context: MCPContext, _ outlet: any EventOutlet) -> EventSubscription {
        let wanted = Set(ids.compactMap { AsyncCallID($0) })
        return tasks.watch(context.owner) { [self, weak outlet] view, _ in
            guard wanted.contains(view.id) else { return }
            _ = outlet?.notify(Notice(method: MCPMethod.taskChanged, params: detailed(view, context)))
        }
    }
}

extension RPCReply {
    /// The answer to a call that has become a task.
    static func created(_ view: AsyncCallView, _ id: ByteBuffer, now: Int) -> RPCReply {
        let status: TaskText.Status = view.status == .inputRequired ? .inputRequired : .working
        var out = opening(id)
        out.writeString("{\"resultType\":\"task\",\(MCPText.serverMeta),")
        out.writeImmutable(TaskText.members(view, status, .newest, now: now))
        out.writeStaticString("}}")
        return RPCReply(parts: [out])
    }

    static func detailed(_ members: ByteBuffer, _ id: ByteBuffer) -> RPCReply {
        var out = opening(id)
        out.writeString("{\"resultType\":\"complete\",\(MCPText.serverMeta),")
        out.writeImmutable(members)
        out.writeStaticString("}}")
        return RPCReply(parts: [out])
    }

    static func acknowledged(_ id: ByteBuffer) -> RPCReply {
        .result(id, endingWith: ByteBuffer(string: "{\"resultType\":\"complete\",\(MCPText.serverMeta)}}"))
    }
}
