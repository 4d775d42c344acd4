import GateCurl
public import GateProtocol

/// A call that the gateway carries out while nobody waits. It lives in the gateway: a program that is started again finds it by its
/// ``id``.
///
/// ```swift
/// let export = try await client.callAsync("reports/export", arguments: ["year": 2026])
/// for try await progress in export.progress { print(progress.progress) }
/// print(try await export.value().text)
/// ```
public struct AsyncCall: Sendable {
    /// The gateway's name for the call. Only the agent that submitted it can use it.
    public let id: String
    private let client: GateClient

    init(id: String, client: GateClient) {
        self.id = id
        self.client = client
    }

    private var path: String { "/call/" + PercentEncoding.encode(id) }

    /// How the call stands now, with its outcome once it has one.
    ///
    /// - Throws: `CALL_NOT_FOUND` when there is no such call of this agent, or its outcome has expired.
    public func status() async throws(GateError) -> CallState { try await client.value(.get, path) }

    /// Waits for the end.
    ///
    /// - Parameter timeout: nil for as long as it takes. When it is over the call goes on, and can be waited for again.
    /// - Returns: the server's result. One that says `isError` is returned like any other.
    /// - Throws: why the call failed, with `sent`; `TIMEOUT` when the time is over; `CALL_NOT_FOUND`.
    public func value(timeout: Duration? = nil) async throws(GateError) -> CallAnswer {
        let end = timeout.map { ContinuousClock.now.advanced(by: $0) }
        while true {
            let left = end.map { ContinuousClock.now.duration(to: $0) } ?? AsyncCall.longestPoll
            guard left > .zero else {
                throw GateError(.timeout, "The call has not ended in time. It goes on; wait for it again.", sent: true)
            }
            let wait = min(left, AsyncCall.longestPoll)
            let milliseconds = max(
                1, wait.components.seconds * 1_000 + wait.components.attoseconds / 1_000_000_000_000_000)
            let json = try await client.json(
                .get, "\(path)?wait_ms=\(milliseconds)", timeout: wait + .seconds(30))
            let state = try client.shaped { () throws(JSONShapeError) in try CallState(json: json) }
            if let error = state.error { throw error }
            if state.status.isEnd {
                return try client.shaped { () throws(JSONShapeError) in try CallAnswer(json: json) }
            }
        }
    }

    /// Waits for the end and reads the result into a Swift value, as typed calls do.
    public func value<Output: Decodable>(as type: Output.Type, timeout: Duration? = nil) async throws(GateError)
        -> Output
    {
        try await value(timeout: timeout).decode(type)
    }

    private static let longestPoll = Duration.seconds(60)

    /// Cancels the call: its server is told. One that has ended stays as it is.
    ///
    /// - Returns: the call afterwards; ``GateProtocol/CallState/status`` says how it ended.
    @discardableResult
    public func cancel() async throws(GateError) -> CallState {
        let json = try await client.json(.delete, path)
        return try client.shaped { () throws(JSONShapeError) in try CallState(json: json) }
    }

    /// Every change of the call from its present state on, without its result; finished when the call has ended. Throws when the
    /// connection to the gateway breaks: begin again, nothing is lost.
    public var changes: AsyncThrowingStream<CallState, any Error> {
        AsyncThrowingStream(bufferingPolicy: .bufferingNewest(1_000)) { continuation in
            let transfer = client.follow("\(path)/events") { event in
                switch event {
                case .data(let text):
                    if let json = try? JSONValue(parsing: text), let state = try? CallState(json: json) {
                        continuation.yield(state)
                    }
                case .end(let error): continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in transfer.cancel() }
        }
    }

    /// What the server tells of its work, each value once; finished when the call has ended. Throws as ``changes`` does.
    public var progress: AsyncThrowingStream<CallState.Progress, any Error> {
        let changes = changes
        return AsyncThrowingStream { continuation in
            let task = Task {
                var last: CallState.Progress?
                do {
                    for try await state in changes {
                        guard let progress = state.progress, progress != last else { continue }
                        last = progress
                        continuation.yield(progress)
                    }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }
}

extension GateClient {
    /// Starts a call and returns when the gateway has it on stable storage: from then on it is carried out, whatever happens to this
    /// program, to the connection, or to the gateway's process.
    ///
    /// - Parameters:
    ///   - tool: `server/tool`, or the tool's name alone when it is unique.
    ///   - arguments: an object.
    ///   - idempotencyKey: this program's own name for the call: submitted again under it, it is not carried out again, and the same
    ///     call is returned. 1 to 255 printable ASCII characters.
    ///   - callbackURL: told of the end, if the operator has allowed its host.
    ///   - timeLimit: for the whole call, waiting included; nil for the gateway's own (24 hours unless configured otherwise).
    /// - Throws: what ``call(_:arguments:timeout:)`` throws before a call is sent, `STORAGE_FULL`, `STORAGE_FAILED`, and
    ///   `IDEMPOTENCY_CONFLICT` when another call was submitted under the key.
    public func callAsync(
        _ tool: String, arguments: JSONValue = .object(JSONObject()), idempotencyKey: String? = nil,
        callbackURL: String? = nil, timeLimit: Duration? = nil
    ) async throws(GateError) -> AsyncCall {
        try await callAsync(
            tool, json: arguments.bytes, idempotencyKey: idempotencyKey, callbackURL: callbackURL, timeLimit: timeLimit)
    }

    /// The same with arguments that are JSON text already.
    public func callAsync(
        _ tool: String, json arguments: [UInt8], idempotencyKey: String? = nil, callbackURL: String? = nil,
        timeLimit: Duration? = nil
    ) async throws(GateError) -> AsyncCall {
        let answer = try await submit(
            try GateClient.callBody(tool, arguments: arguments, callbackURL: callbackURL),
            idempotencyKey: idempotencyKey, timeLimit: timeLimit)
        let id = try shaped { () throws(JSONShapeError) in try JSONValue.parsed(answer).string("call_id") }
        return asyncCall(id: id)
    }

    /// A call that was submitted before, by this program or an earlier run of it.
    public func asyncCall(id: String) -> AsyncCall { AsyncCall(id: id, client: self) }

    /// The calls of this agent, newest first.
    ///
    /// - Parameters:
    ///   - status: only calls in this state.
    ///   - cursor: ``GateProtocol/CallList/nextCursor`` of the page before.
    public func calls(
        status: CallState.Status? = nil, server: String? = nil, limit: Int = 50, cursor: String? = nil
    ) async throws(GateError) -> CallList {
        try await value(.get, GateClient.callsPath(status: status, server: server, limit: limit, cursor: cursor))
    }

    package static func callsPath(
        status: CallState.Status?, server: String?, limit: Int, cursor: String?
    ) -> String {
        var path = "/calls?limit=\(limit)"
        for (name, value) in [("status", status?.rawValue), ("server", server), ("cursor", cursor)] {
            if let value { path += "&\(name)=\(PercentEncoding.encode(value))" }
        }
        return path
    }

    /// - Returns: the answer of `POST /call/async` as it came.
    package func submit(
        _ body: [UInt8], idempotencyKey: String?, timeLimit: Duration?
    ) async throws(GateError) -> [UInt8] {
        var headers: [(name: String, value: String)] = []
        if let idempotencyKey { headers.append(("Idempotency-Key", idempotencyKey)) }
        if let timeLimit {
            let (seconds, attoseconds) = timeLimit.components
            headers.append(("X-Stonegate-Timeout", "\(seconds * 1_000 + attoseconds / 1_000_000_000_000_000)"))
        }
        return try await send(.post, "/call/async", body: body, headers: headers)
    }
}

extension JSONValue {
    fileprivate static func parsed(_ bytes: [UInt8]) throws(JSONShapeError) -> JSONValue {
        do throws(JSONFault) {
            return try JSONValue(parsing: bytes)
        } catch {
            throw JSONShapeError(path: "", expected: "JSON")
        }
    }
}
