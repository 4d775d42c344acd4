import GateCurl
public import GateProtocol
import Logging

/// Talks to a running stonegate gateway.
///
/// ```swift
/// let client = try GateClient()
/// let answer = try await client.call("demo/echo", arguments: ["text": "hello"])
/// print(answer.text)
/// ```
///
/// A client may be used from any number of tasks at once; it keeps its connections open between calls. When a task is
/// cancelled its exchange ends at once with `CANCELLED`, and the gateway cancels the call at the tool's server.
///
/// Every method throws a `GateError`. Its `code` says what went wrong, `sent` whether the tool's server may have seen the
/// call, and `retryable` whether the same request may succeed later. The client itself never repeats anything.
public final class GateClient: Sendable {
    /// Where stonegate listens unless it is configured otherwise.
    public static let defaultURL = "http://127.0.0.1:3393"

    /// The gateway's base URL, as it is used.
    public var url: String { address.text }
    public let options: GateClientOptions

    private let address: GatewayAddress
    private let token: GateToken?
    private let agent: CurlAgent

    /// - Parameters:
    ///   - url: the gateway's base URL, for example `http://127.0.0.1:3393`.
    ///   - token: needed for what changes the gateway only: adding, starting, stopping and removing servers, and reading
    ///     the configuration. ``GateToken/admin(dataDirectory:environment:)`` finds the one of this machine's gateway.
    /// - Throws: `BAD_REQUEST` when the URL is no base URL; `INTERNAL_ERROR` when the system has no thread or descriptor
    ///   left.
    public init(
        url: String = GateClient.defaultURL, token: GateToken? = nil, options: GateClientOptions = GateClientOptions()
    ) throws(GateError) {
        address = try GatewayAddress(url)
        self.token = token
        self.options = options
        var agentOptions = CurlAgentOptions()
        agentOptions.name = "gate-client"
        do throws(CurlError) {
            agent = try CurlAgent(options: agentOptions)
        } catch {
            throw GateError(.internalError, error.message)
        }
    }

    /// Ends what is outstanding, closes all connections and waits until that is done. Releasing the client does the same
    /// without waiting.
    public func shutdown() async { await agent.shutdown() }

    /// Asks any route of the gateway and returns the answer's body as it came, for programs that pass JSON on, and for
    /// routes that have no method here.
    ///
    /// - Parameters:
    ///   - path: beginning with `/`; parts of it that may hold other characters must be percent-encoded.
    ///   - body: JSON text.
    ///   - headers: beside those that every request has.
    ///   - timeout: for the whole exchange; nil means ``GateClientOptions/timeout``.
    /// - Throws: what the gateway answered when its status is 400 or above, or why there was no answer.
    public func send(
        _ method: Method, _ path: String, body: [UInt8]? = nil, headers: [(name: String, value: String)] = [],
        timeout: Duration? = nil
    ) async throws(GateError) -> [UInt8] {
        var request = request(method, path, accepting: "application/json", body: body)
        request.headers += headers
        request.totalTimeout = timeout ?? options.timeout
        request.maxResponseBytes = options.maxAnswerBytes
        let response: CurlResponse
        do throws(CurlError) {
            response = try await agent.send(request)
        } catch {
            let failure = GateError(error, from: address, changes: method != .get)
            options.logger?.debug(
                "no answer from the gateway",
                metadata: ["request": "\(method.rawValue) \(path)", "error": "\(error)"])
            throw failure
        }
        options.logger?.trace(
            "answer from the gateway",
            metadata: ["request": "\(method.rawValue) \(path)", "status": "\(response.status)"])
        guard response.status == 200 || response.status == 201 || response.status == 202 else {
            throw GateError(answer: response.body, status: response.status, from: address)
        }
        return response.body
    }

    private func request(
        _ method: Method, _ path: String, accepting type: String, body: [UInt8]? = nil
    ) -> CurlRequest {
        var request = CurlRequest(method: method.rawValue, url: address.text + path, body: body)
        request.headers = [("Accept", type)]
        if body != nil { request.headers.append(("Content-Type", "application/json")) }
        if let agentName = options.agentName { request.headers.append(("X-Stonegate-Agent", agentName)) }
        if let token, !token.isForLoopbackOnly || address.isLoopback {
            request.headers.append(("Authorization", "Bearer \(token.value)"))
            if token.isForLoopbackOnly { request.allowedAddress = { $0.scope == .loopback } }
        }
        request.connectTimeout = options.connectTimeout
        request.tls = CurlTLSOptions(
            caFile: options.caFile, certificateFile: options.certificateFile, keyFile: options.keyFile)
        return request
    }

    /// Opens a stream of server-sent events; it lasts until its end or until the transfer is cancelled.
    func follow(_ path: String, _ onEvent: @escaping @Sendable (StreamEvent) -> Void) -> CurlTransfer {
        var request = request(.get, path, accepting: "text/event-stream")
        request.totalTimeout = nil
        request.maxResponseBytes = .max
        return agent.start(request, sink: EventSink(address, onEvent))
    }

    /// What a request does.
    public enum Method: String, Sendable {
        /// Reads.
        case get = "GET"
        /// Calls a tool or changes something.
        case post = "POST"
        /// Takes something away.
        case delete = "DELETE"
    }
}

extension GateClient {
    /// Sends and reads the answer's JSON.
    func json(
        _ method: Method, _ path: String, body: [UInt8]? = nil, timeout: Duration? = nil
    ) async throws(GateError) -> JSONValue {
        let bytes = try await send(method, path, body: body, timeout: timeout)
        do throws(JSONFault) {
            return try JSONValue(parsing: bytes, limits: GateClient.answerLimits)
        } catch {
            throw address.notStonegate("its answer is not JSON: \(error)", sent: method != .get)
        }
    }

    func value<Value: JSONRepresentable>(_ method: Method, _ path: String) async throws(GateError) -> Value {
        let json = try await json(method, path)
        return try shaped { () throws(JSONShapeError) in try Value(json: json) }
    }

    /// Turns an answer that lacks something into an error of this client.
    func shaped<Value>(_ read: () throws(JSONShapeError) -> Value) throws(GateError) -> Value {
        do throws(JSONShapeError) {
            return try read()
        } catch {
            throw address.notStonegate("its answer lacks something: \(error)", sent: true)
        }
    }

    /// The gateway's answers are bounded in bytes; a long result may hold more values than a request may.
    private static let answerLimits = JSONLimits(depth: 64, nodes: 4_000_000)
}
