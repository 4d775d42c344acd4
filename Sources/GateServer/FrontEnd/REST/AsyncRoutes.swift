import GateBackend
import GateCore
import GateHTTP
import GateProtocol
import GateStore
import NIOCore
import NIOHTTP1

/// The routes of asynchronous calls. What a call is told as is ``CallDocument``.
struct AsyncRoutes: Sendable {
    let services: any GatewayServices

    private var calls: AsyncCalls { services.asyncCalls }
    private static let longestWait = 600_000
    private static let mostListed = 500

    // MARK: Submitting

    func submit(_ request: RESTRequest) async throws(GateError) -> RESTReply {
        let body = try CallBody(request.http.body, isAsync: true)
        let call = try request.call(body, services)
        let view = try await calls.submit(call, owner: call.caller.owner, callback: body.callback)
        var reply = RESTReply([
            "call_id": .string("\(view.id)"), "submitted_at": .string(WallClock.text(view.record.createdAt)),
            "status": .string(view.status.rawValue),
        ])
        reply.status = .accepted
        reply.headers = [("Location", "/call/\(view.id)")]
        return reply
    }

    // MARK: One call

    func show(_ request: RESTRequest) async throws(GateError) -> RESTReply {
        let (id, owners) = try called(request)
        let wait = try request.integer("wait_ms", default: 0, in: 0...AsyncRoutes.longestWait)
        guard wait > 0 else { return try document(try await calls.view(id, for: owners), request) }
        let (calls, executor) = (calls, request.http.executor)
        // The client's end ends the wait, never the call.
        let task = Task(executorPreference: executor) { () -> Result<AsyncCallView?, GateError> in
            do throws(GateError) {
                return .success(try await calls.wait(id, for: owners, upTo: .milliseconds(wait), orQuestion: true))
            } catch {
                return .failure(error)
            }
        }
        request.exchange.onClose { _ in task.cancel() }
        return try document(try await task.value.get(), request)
    }

    func cancel(_ request: RESTRequest) async throws(GateError) -> RESTReply {
        let (id, owners) = try called(request)
        switch try await calls.cancel(id, for: owners) {
        case .cancelled(let view)?, .tooLate(let view)?: return try document(view, request)
        case nil: throw AsyncRoutes.unknown(request)
        }
    }

    private func document(_ view: AsyncCallView?, _ request: RESTRequest) throws(GateError) -> RESTReply {
        guard let view else { throw AsyncRoutes.unknown(request) }
        if view.status.end != nil { calls.collected(view.id) }
        var reply = RESTReply(parts: CallDocument(view).parts())
        if view.status.end == nil { reply.headers = [("Retry-After", "1")] }
        return reply
    }

    private func called(_ request: RESTRequest) throws(GateError) -> (AsyncCallID, [InstanceOwner]) {
        guard let id = AsyncCallID(request.parameters["id"] ?? "") else { throw AsyncRoutes.unknown(request) }
        return (id, request.caller(services).owners)
    }

    /// The same for a call that never was and for somebody else's.
    private static func unknown(_ request: RESTRequest) -> GateError { .noCall(request.parameters["id"] ?? "") }

    // MARK: All calls

    func list(_ request: RESTRequest) async throws(GateError) -> RESTReply {
        let limit = try request.integer("limit", default: 50, in: 1...AsyncRoutes.mostListed)
        let page = try await calls.page(
            request.caller(services).owners, status: request.query["status"], server: request.query["server"],
            cursor: request.query["cursor"], limit: limit)
        return RESTReply(parts: [page])
    }

    // MARK: Following a call

    /// A stream of the call's changes, its present state first; it ends with the call.
    func follow(_ request: RESTRequest) async throws(GateError) -> RESTReply {
        let (id, owners) = try called(request)
        guard services.takesSessions else {
            throw GateError(.overloaded, "Too many streams are open. Try again later.", retryAfter: 30)
        }
        guard try await calls.view(id, for: owners) != nil else { throw AsyncRoutes.unknown(request) }
        let ending = Ending()
        let stream = RESTEventStream(request.exchange) { ending.over() }
        let follower = CallFollower(id, stream)
        let watches = owners.map { owner in
            calls.watch(owner, wantsProgress: true) { view, isProgress in follower.tell(view, isProgress: isProgress) }
        }
        // Watched until the stream or the call ends.
        follower.hold(watches)
        ending.whenOver { follower.end() }
        if let view = try? await calls.view(id, for: owners) {
            follower.tell(view, isProgress: false)
        } else {
            follower.end()
            stream.finish("gone")
        }
        return RESTReply(parts: [])
    }
}

extension GateError {
    static func noCall(_ id: String) -> GateError {
        GateError(
            .callNotFound,
            "There is no call '\(id.prefix(64))' of yours. Results are kept for async.result_ttl and read by the agent that submitted "
                + "the call.", source: .caller)
    }
}
