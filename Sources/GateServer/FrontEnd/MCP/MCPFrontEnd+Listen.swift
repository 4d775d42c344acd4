import NIOHTTP1
import GateBackend
import GateCore
import GateHTTP
import GateProtocol
import NIOCore

/// Subscriptions of 2026-07-28.
extension MCPFrontEnd {
    func listen(
        _ message: WireMessage, _ request: HTTPRequest, _ exchange: HTTPExchange, _ scope: Visibility, _ id: ByteBuffer
    ) async {
        guard MediaTypes.accepts("text/event-stream", request.headers) else {
            return send(
                .error(
                    RPCCode.invalidRequest, "A subscription needs \"Accept: application/json, text/event-stream\".",
                    id: id, status: .notAcceptable), on: exchange)
        }
        guard let field = message.param("notifications"), field.isObject, let wish = message.value(field) else {
            return send(
                .error(
                    RPCCode.invalidParams, "params.notifications must be an object that says what to be told of.",
                    id: id, status: .badRequest), on: exchange)
        }
        if refusesWhileDraining(id, on: exchange) { return }
        let agent = modernAgent(message, request.headers)
        let full = services.takesSessions ? streams.refusal(for: agent) : NoticeStreams.full
        if let full {
            return send(
                .error(RPCCode.internalError, full, id: id, status: .serviceUnavailable), on: exchange,
                ["Retry-After": "30"])
        }
        var granted = SubscriptionFilter(wish)
        let context = taskContext(message, request, scope)
        if let ids = granted.tasks {
            guard context.capabilities.contains(.tasks) else { return send(MCPFrontEnd.needsTasks(id), on: exchange) }
            granted.tasks = await subscribable(Array(ids.prefix(options.maxResourcesPerSubscription)), context)
        }
        granted.kinds.formIntersection(kinds(request))
        let outlet = ListenStream(exchange.startStream(status: .ok, headers: MCPText.eventStreamHeaders), id: id)
        var caller = Caller(
            agent: agent, source: .mcp, session: services.usesSessions ? SessionName.owner(request.headers) : nil,
            visibility: scope)
        caller.isAuthenticated = request.headers.identity != nil
        let followed = await follow(granted.resources.prefix(options.maxResourcesPerSubscription), caller, outlet)
        granted.resources = followed.map(\.uri)
        let entry = NoticeStreams.Entry(
            outlet: outlet, visibility: scope, kinds: granted.kinds, agent: ExactText(agent),
            subscriptions: followed.map(\.subscription))
        guard let number = streams.add(entry) else { return }
        if let ids = granted.tasks, !ids.isEmpty {
            streams.attach([taskSubscription(ids, context, outlet)], to: number)
            await tellEnded(ids, context, outlet)
        }
        exchange.onClose { [streams] _ in streams.remove(number) }
        exchange.onShutdown { [streams] in streams.end(number) }
        outlet.acknowledge(granted)
    }

    private struct Followed: Sendable {
        let index: Int
        let uri: String
        let subscription: EventSubscription
    }

    /// Follows what of the resources can be followed; all are asked for side by side.
    private func follow(_ uris: ArraySlice<String>, _ caller: Caller, _ outlet: ListenStream) async -> [Followed] {
        guard !uris.isEmpty else { return [] }
        return await withTaskGroup(of: Followed?.self) { group in
            for (index, uri) in uris.enumerated() {
                group.addTask { [services] in
                    let subscription = try? await services.watch(resource: uri, caller) { [weak outlet] updated in
                        _ = outlet?.notify(.updated(updated))
                    }
                    return subscription.map { Followed(index: index, uri: uri, subscription: $0) }
                }
            }
            var found: [Followed] = []
            for await followed in group { if let followed { found.append(followed) } }
            return found.sorted { $0.index < $1.index }
        }
    }
}
