import NIOHTTP1
import GateBackend
import GateCore
import GateHTTP
import GateProtocol
import NIOCore
import Synchronization

/// What belongs to a legacy session beside calls: its streams, its level of log messages, the resources it follows.
extension MCPFrontEnd {
    // MARK: Answers

    /// Where the answer to a request goes.
    /// - Parameter id: the request's id as written.
    func replyChannel(
        _ context: MCPContext, _ request: HTTPRequest, _ exchange: HTTPExchange, _ id: ByteBuffer
    ) -> any ReplyChannel {
        if let client = context.live?.client { return EventStreamReplyChannel(client) }
        let takesStreams = MediaTypes.accepts("text/event-stream", request.headers)
        guard let live = context.live else {
            return HTTPReplyChannel(exchange: exchange, streams: takesStreams ? streams : nil)
        }
        return SessionReplyChannel(exchange: exchange) { [self] in
            guard takesStreams else { return nil }
            let stream = makeStream(live, request: id)
            guard live.add(stream) else { return nil }
            stream.open(on: exchange, primes: context.version >= .v2025_11_25)
            stream.enlist(in: streams)
            return stream
        }
    }

    /// Whether anything can be sent ahead of the answer to a request.
    func takesMessages(_ context: MCPContext, _ request: HTTPRequest) -> Bool {
        context.live?.client != nil || MediaTypes.accepts("text/event-stream", request.headers)
    }

    /// Sends an answer for which nothing else has to be sent.
    func reply(_ reply: RPCReply, _ context: MCPContext, on exchange: HTTPExchange) {
        guard let client = context.live?.client else { return send(reply, on: exchange) }
        _ = client.send(reply.parts)
    }

    private func makeStream(_ live: LiveSession, request: ByteBuffer?) -> SessionStream {
        SessionStream(
            number: lastStream.wrappingAdd(1, ordering: .relaxed).newValue, request: request, run: sessions.run,
            session: live, store: replays)
    }

    /// Requests that change the session; nil for all others.
    func sessionAnswer(_ message: WireMessage, _ context: MCPContext, _ id: ByteBuffer) async -> RPCReply? {
        guard let live = context.live else { return nil }
        if message.isMethod(MCPMethod.setLevel) {
            guard let level = message.string(message.param("level")).flatMap({ LogLevel(name: $0) }) else {
                let names = LogLevel.allCases.map(\.name).joined(separator: ", ")
                return .error(RPCCode.invalidParams, "params.level must be one of \(names).", id: id)
            }
            await live.setLogLevel(level)
            return .result(id, endingWith: ByteBuffer(string: "{}}"))
        }
        if message.isMethod(MCPMethod.resourcesSubscribe) { return await subscribe(message, live, context, id) }
        if message.isMethod(MCPMethod.resourcesUnsubscribe) {
            guard let uri = message.string(message.param("uri")) else { return MCPFrontEnd.missingURI(id) }
            _ = live.unwatch(uri)
            return .result(id, endingWith: ByteBuffer(string: "{}}"))
        }
        return nil
    }

    private func subscribe(
        _ message: WireMessage, _ live: LiveSession, _ context: MCPContext, _ id: ByteBuffer
    ) async -> RPCReply {
        guard let uri = message.string(message.param("uri")) else { return MCPFrontEnd.missingURI(id) }
        let done = RPCReply.result(id, endingWith: ByteBuffer(string: "{}}"))
        if live.isWatching(uri) { return done }
        guard live.watchCount < options.maxResourcesPerSubscription else {
            return .error(
                RPCCode.invalidParams,
                "This session follows \(live.watchCount) resources, as many as limits.resources_per_subscription allows.",
                id: id)
        }
        do throws(GateError) {
            let watch = try await services.watch(resource: uri, context.caller(services)) { [weak live] updated in
                live?.notify(.updated(updated))
            }
            // A restart would lose it: the session must be known for that before its client relies on it.
            await live.becomeStateful()
            guard live.keep(watch, of: uri) else {
                return .error(RPCCode.invalidRequest, LegacyRules.terminated, id: id, status: .notFound)
            }
            return done
        } catch {
            return MissingResource.reply(error, uri: uri, id: id, era: context.era)
                ?? RelayedError.reply(error, context, id) ?? CallAnswer.unresolved(error, uri, context, id)
        }
    }

    private static func missingURI(_ id: ByteBuffer) -> RPCReply {
        .error(RPCCode.invalidParams, "params.uri must be a string.", id: id)
    }

    // MARK: GET

    /// The stream of a session's notices, or what an earlier stream still has for its client.
    func openSessionStream(_ request: HTTPRequest, _ exchange: HTTPExchange, _ scope: Visibility) {
        guard MediaTypes.names("text/event-stream", request.headers),
            request.headers.contains(LegacyRules.sessionHeader)
        else { return refuseMethod(exchange) }
        guard let context = legacyContext(request, exchange, scope, nil), let live = context.live else { return }
        if refusesWhileDraining(nil, on: exchange) { return }
        if let last = request.headers.bytes(of: "Last-Event-ID"), let cursor = EventCursor(last),
            resume(live, cursor, exchange)
        {
            return
        }
        guard services.takesSessions else { return refuseStream(NoticeStreams.full, exchange) }
        // Most clients without a header have the same name.
        let agent = AgentName.isGiven(request.headers) ? context.agent : nil
        if let refusal = streams.refusal(for: agent) { return refuseStream(refusal, exchange) }
        let stream = makeStream(live, request: nil)
        guard live.add(stream) else { return refuse(.notFound, LegacyRules.terminated, on: exchange) }
        stream.open(on: exchange, primes: context.version >= .v2025_11_25)
        exchange.onShutdown { [weak stream] in stream?.end(.stopping) }
        stream.enlist(in: streams, scope, kinds(request), agent: agent.map { ExactText($0) })
    }

    func refuseStream(_ words: String, _ exchange: HTTPExchange) {
        refuse(.serviceUnavailable, words, on: exchange, headers: ["Retry-After": "30"])
    }

    /// The kinds of lists whose changes the endpoint of a request announces.
    func kinds(_ request: HTTPRequest) -> CatalogKinds {
        switch QueryItems(request.query)["list_changed"] {
        case "off": []
        case "on": .all
        default: options.announcesChanges ? .all : []
        }
    }

    /// Goes on behind an event.
    ///
    /// - Returns: false when there is nothing to go on with: the client gets a stream as if it had not asked.
    private func resume(_ live: LiveSession, _ cursor: EventCursor, _ exchange: HTTPExchange) -> Bool {
        if cursor.run == sessions.run {
            if let stream = live.stream(cursor.stream), stream.resume(on: exchange, after: cursor.number) {
                if stream.request == nil { exchange.onShutdown { [weak stream] in stream?.end(.stopping) } }
                return true
            }
            let kept = replays.replay(live.id, stream: cursor.stream, after: cursor.number)
            if kept.isComplete {
                var missed = MCPText.keepAlive
                for event in kept.events { missed.writeImmutable(event) }
                exchange.startStream(status: .ok, headers: MCPText.eventStreamHeaders).finish(with: missed)
                return true
            }
        }
        // What waits for an answer that will not come is told so.
        guard let request = cursor.request, MCPFrontEnd.isID(request) else { return false }
        let lost = RPCReply.error(
            RPCCode.internalError,
            "The connection broke during the call, and its answer is no longer kept. Whether the call was carried out is not known: "
                + "check the effect before you call it again.", id: request)
        exchange.startStream(status: .ok, headers: MCPText.eventStreamHeaders)
            .finish(with: EventText.message(lost.parts))
        return true
    }

    // MARK: The end

    func endSession(_ request: HTTPRequest, _ exchange: HTTPExchange) {
        guard let sealed = request.headers.bytes(of: LegacyRules.sessionHeader) else { return refuseMethod(exchange) }
        guard case .live(let live) = session(sealed, request.headers), sessions.end(live.id) else {
            return refuse(.notFound, LegacyRules.terminated, on: exchange)
        }
        exchange.send(status: .ok)
    }

    /// The session of an id, if it is that of whoever sends it.
    func session(_ sealed: ArraySlice<UInt8>, _ headers: HTTPRequestFields) -> SessionTable.Found {
        guard let session = sealer.open(sealed), isOwner(session, headers) else { return .terminated }
        let found = sessions.find(session, now: .now)
        // What ends with its stream is reached by its own address only.
        if case .live(let live) = found, live.client != nil { return .terminated }
        return found
    }

    /// Whether a request that names its agent names the one that the session was opened with. One with a credential reaches only
    /// sessions that were opened with the same agent's.
    func isOwner(_ session: MCPSession, _ headers: HTTPRequestFields) -> Bool {
        if let identity = headers.identity { return session.isBound && identity.sameBytes(as: session.agent) }
        guard session.isBound, let named = AgentName.given(headers) else { return true }
        return named.sameBytes(as: session.agent)
    }

    /// A session has ended, in whatever way.
    static func ended(
        _ live: LiveSession, streams: NoticeStreams, replays: ReplayStore, services: any GatewayServices
    ) {
        streams.end(session: live.id)
        live.end()
        replays.drop(session: live.id)
        live.client?.end(.replaced)
        services.sessionEnded(.session(high: live.id.high, low: live.id.low))
    }
}
