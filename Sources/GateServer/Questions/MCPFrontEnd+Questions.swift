import GateBackend
import GateHTTP
import GateProtocol
import NIOCore

/// Calls whose agents can be told and asked things before the answer.
extension MCPFrontEnd {
    // MARK: Session revisions

    /// A question goes out on the stream of the call's answer; a backend of 2026-07-28 gets its rounds from the gateway.
    func sessionCall(
        _ planned: PlannedCall, _ context: MCPContext, _ request: HTTPRequest, _ exchange: HTTPExchange,
        _ id: ByteBuffer, _ canceller: CallCanceller, _ company: CallCompany
    ) async {
        guard !company.isEmpty, let session = context.session else {
            let answer = await canceller.run { await carryOut(.call(planned), context, id) }
            return reply(answer, context, on: exchange)
        }
        let channel = replyChannel(context, request, exchange, id)
        let progress = company.token.map { ProgressNotices(token: $0, channel: channel) }
        let asker = SessionAsker(
            questions, session, capabilities: company.capabilities, channel: channel, options: options, loop: loop)
        var listened = planned
        listened.call.listener = CallListener(
            wantsProgress: progress != nil, capabilities: company.capabilities, logLevel: company.logLevel
        ) { event in
            switch event {
            case .progress(let members): progress?.send(members)
            case .log(let level, let params): LogNotices.send(level, params, to: channel, from: company.logLevel)
            case .question(let question): asker.pass(question)
            }
        }
        let outcome = await canceller.run { [listened] in await self.outcome(of: listened, context, asker: asker) }
        channel.finish(answerer.reply(outcome, to: planned, context, id))
    }

    /// Calls, with all rounds that the caller cannot make itself.
    func outcome(
        of planned: PlannedCall, _ context: MCPContext, asker: SessionAsker?
    ) async -> Result<CallReply, GateError> {
        do throws(GateError) {
            guard context.era == .legacy else { return .success(try await services.call(planned.call)) }
            return .success(try await GatewayRounds(services: services, options: options).call(planned.call, asker))
        } catch {
            return .failure(error)
        }
    }

    // MARK: 2026-07-28

    /// A question of a backend with sessions parks the call; the agent comes back to it with another request.
    func modernCall(
        _ planned: PlannedCall, _ message: WireMessage, _ context: MCPContext, _ request: HTTPRequest,
        _ exchange: HTTPExchange, _ id: ByteBuffer, _ canceller: CallCanceller, _ company: CallCompany
    ) async {
        var planned = planned
        switch Retry(message, of: planned.call, parked.sealer, now: WallClock.milliseconds() / 1_000) {
        case .none: break
        case .round(let round): planned.call.round = round
        case .pages(_, refused: true):
            let error = GateError(
                .cancelled, "The user did not open the page that the call needs, so it was not made again.",
                source: .caller, server: planned.call.server, tool: planned.call.operation.item)
            return send(CallAnswer.failure(error, of: planned, context, id), on: exchange)
        case .pages(let attempt, refused: false): planned.pagesShown = attempt
        case .parked(let call, let round, let answers):
            return await goOn(
                call, round, answers, turn(planned, context, request, exchange, id, company), exchange)
        case .unusable(let why): return send(.error(RPCCode.invalidParams, why, id: id), on: exchange)
        }
        if context.capabilities.contains(.tasks), case .tool = planned.call.operation {
            return await taskCall(planned, message, context, request, exchange, id, canceller, company)
        }
        guard !company.isEmpty else {
            return send(await canceller.run { await carryOut(.call(planned), context, id) }, on: exchange)
        }
        let call = ParkedCall(
            turn: turn(planned, context, request, exchange, id, company), canceller: canceller, calls: parked)
        planned.call.listener = CallListener(
            wantsProgress: company.token != nil, capabilities: company.capabilities, logLevel: company.logLevel
        ) { call.happened($0) }
        call.ended(await canceller.run { [planned] in await outcome(of: planned, context, asker: nil) })
    }

    private func turn(
        _ planned: PlannedCall, _ context: MCPContext, _ request: HTTPRequest, _ exchange: HTTPExchange,
        _ id: ByteBuffer, _ company: CallCompany
    ) -> AgentTurn {
        let channel = replyChannel(context, request, exchange, id)
        return AgentTurn(
            id: id, context: context, planned: planned, channel: channel,
            progress: company.token.map { ProgressNotices(token: $0, channel: channel) },
            capabilities: company.capabilities)
    }

    private func goOn(
        _ id: ParkedCall.ID, _ round: UInt32, _ answers: JSONMembers?, _ turn: AgentTurn, _ exchange: HTTPExchange
    ) async {
        guard let call = parked.find(id) else {
            return turn.finish(.error(RPCCode.invalidParams, ParkedCalls.unknown, id: turn.id))
        }
        if let fault = call.resume(turn, round: round, answers: answers) {
            return turn.finish(.error(RPCCode.invalidParams, fault, id: turn.id))
        }
        // From here on this request is the call: who closes it cancels it.
        exchange.onClose { _ in call.canceller.cancel() }
        await turn.finished()
    }
}
