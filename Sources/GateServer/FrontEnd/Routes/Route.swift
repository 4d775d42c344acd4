import GateHTTP
import GateProtocol
import NIOCore
import NIOHTTP1

/// Who may use a route. There is no default: a route that declares nothing cannot be written.
enum RouteAccess: String, Sendable {
    /// Everybody who reaches the gateway.
    case open
    /// Agents: listing and calling tools.
    case data
    /// Agents as long as nobody needs a credential; the operator from then on: it tells of all agents together.
    case overview
    /// The operator, with the admin token.
    case admin

    func needsAdmin(isGatewayOpen: Bool) -> Bool { self == .admin || (self == .overview && !isGatewayOpen) }
}

/// One line of the route table: the only thing that knows a path, who may use it, and what answers it.
struct Route: Sendable {
    typealias Handler = @Sendable (RESTRequest) async throws(GateError) -> RESTReply

    let method: HTTPMethod
    /// Literal segments and `{name}` parameters, as in OpenAPI.
    let path: String
    let access: RouteAccess
    /// Whether it changes something: browsers of other sites are then kept away more strictly.
    let changes: Bool
    /// The status of an answer that is no error.
    let success: HTTPResponseStatus
    let summary: String
    let query: [QueryParameter]
    let requestSchema: JSONValue?
    let responseSchema: JSONValue?
    let handler: Handler
    let segments: [Segment]

    enum Segment: Sendable, Equatable {
        case literal([UInt8])
        case parameter(String)
    }

    struct QueryParameter: Sendable {
        let name: String
        let description: String
        let schema: JSONValue
    }

    init(
        _ method: HTTPMethod, _ path: String, _ access: RouteAccess, changes: Bool = false,
        success: HTTPResponseStatus = .ok, summary: String,
        query: [QueryParameter] = [], request: JSONValue? = nil, response: JSONValue? = nil,
        handler: @escaping Handler
    ) {
        self.method = method
        self.path = path
        self.access = access
        self.changes = changes
        self.success = success
        self.summary = summary
        self.query = query
        requestSchema = request
        responseSchema = response
        self.handler = handler
        segments = path.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map {
            part in
            part.first == UInt8(ascii: "{")
                ? .parameter(String(decoding: part.dropFirst().dropLast(), as: UTF8.self)) : .literal(Array(part))
        }
    }

    /// The parameters of a path that this route serves; nil for any other path.
    ///
    /// Literal parts are compared byte for byte: a path that is only another spelling is another path.
    func match(_ parts: [ArraySlice<UInt8>]) -> [String: String]? {
        guard parts.count == segments.count else { return nil }
        var parameters: [String: String] = [:]
        for (part, segment) in zip(parts, segments) {
            switch segment {
            case .literal(let bytes): guard part.elementsEqual(bytes) else { return nil }
            case .parameter(let name):
                guard let value = PercentDecoding.segment(part) else { return nil }
                parameters[name] = value
            }
        }
        return parameters
    }
}

/// A REST request with what its route found in it.
struct RESTRequest: Sendable {
    let http: HTTPRequest
    let exchange: HTTPExchange
    let parameters: [String: String]
    let query: QueryItems
    /// What the caller sees of the servers that `?servers=` names; of all without it.
    let visibility: Visibility
    /// Whether the caller may know of everything: the operator, or anybody where nobody needs a credential.
    var isOperator = true
}

/// An answer of a REST route.
struct RESTReply: Sendable {
    var status = HTTPResponseStatus.ok
    var contentType = "application/json"
    var headers: [(String, String)] = []
    var body: [ByteBuffer]

    init(_ json: JSONValue, status: HTTPResponseStatus = .ok) {
        self.status = status
        body = [ByteBuffer(bytes: json.bytes)]
    }

    init(parts: [ByteBuffer]) { body = parts }

    init(text: String, contentType: String, headers: [(String, String)] = []) {
        body = [ByteBuffer(string: text)]
        self.contentType = contentType
        self.headers = headers
    }
}
