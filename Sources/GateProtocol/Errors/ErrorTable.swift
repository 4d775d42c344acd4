/// The one table that says how each error code looks over HTTP and over JSON-RPC, and whether trying again can help.
public struct ErrorTraits: Sendable, Equatable {
    /// Status of a REST answer.
    public let status: Int
    /// Code of a JSON-RPC error; outside the range that the protocol reserves unless it is one of JSON-RPC's own.
    public let rpcCode: Int
    /// The same request may succeed later without being changed. Never true for what may have been executed.
    public let retryable: Bool
    /// Over MCP the caller gets a failed tool result with this error's words, which a model can act on, instead of an error
    /// reply, which ends many agents' runs.
    public let isToolOutcome: Bool
}

extension ErrorCode {
    public var traits: ErrorTraits { ErrorCode.table[self] ?? ErrorCode.fallback }

    private static let fallback = ErrorTraits(
        status: 500, rpcCode: RPCCode.internalError, retryable: false, isToolOutcome: false)

    /// All codes of this version, for documentation and tests.
    public static let all: [ErrorCode] = table.keys.sorted { $0.rawValue < $1.rawValue }

    private static let table: [ErrorCode: ErrorTraits] = {
        func row(_ status: Int, _ rpc: Int, retryable: Bool = false, tool: Bool = false) -> ErrorTraits {
            ErrorTraits(status: status, rpcCode: rpc, retryable: retryable, isToolOutcome: tool)
        }
        return [
            .badRequest: row(400, RPCCode.invalidRequest),
            .invalidJSON: row(400, RPCCode.parseError),
            .invalidParams: row(400, RPCCode.invalidParams),
            .methodNotFound: row(404, RPCCode.methodNotFound),
            .notFound: row(404, RPCCode.methodNotFound),
            .methodNotAllowed: row(405, RPCCode.invalidRequest),
            .notAcceptable: row(406, RPCCode.invalidRequest),
            .unsupportedMediaType: row(415, RPCCode.invalidRequest),
            .payloadTooLarge: row(413, RPCCode.invalidRequest),
            .toolNotFound: row(404, RPCCode.invalidParams),
            .resourceNotFound: row(404, RPCCode.invalidParams),
            .promptNotFound: row(404, RPCCode.invalidParams),
            .ambiguousTool: row(409, RPCCode.invalidParams),
            .serverNotFound: row(404, RPCCode.invalidParams),
            .serverExists: row(409, RPCCode.invalidParams),
            .sessionNotFound: row(404, RPCCode.invalidRequest),
            .callNotFound: row(404, RPCCode.invalidParams),
            .idempotencyConflict: row(409, RPCCode.invalidParams),
            .hostRefused: row(421, RPCCode.invalidRequest),
            .originRefused: row(403, RPCCode.invalidRequest),
            .adminRequired: row(401, RPCCode.invalidRequest),
            .unauthenticated: row(401, RPCCode.invalidRequest),
            .insufficientScope: row(403, RPCCode.invalidRequest),
            .accessRefused: row(403, RPCCode.invalidRequest),
            .issuerUnavailable: row(503, 1024, retryable: true),
            .agentExists: row(409, RPCCode.invalidParams),
            .agentNotFound: row(404, RPCCode.invalidParams),
            .circuitOpen: row(503, 1001, retryable: true, tool: true),
            .overloaded: row(503, 1002, retryable: true, tool: true),
            .starting: row(503, 1003, retryable: true, tool: true),
            .backendDown: row(503, 1004, retryable: true, tool: true),
            .backendDisabled: row(503, 1005, tool: true),
            .draining: row(503, 1006, retryable: true, tool: true),
            .toolChanged: row(409, 1007, tool: true),
            .toolNotApproved: row(409, 1008, tool: true),
            .credentialsUnavailable: row(503, 1009, retryable: true, tool: true),
            .timeout: row(504, 1010, tool: true),
            .backendDied: row(502, 1011, tool: true),
            .outcomeUnknown: row(502, 1012, tool: true),
            .backendProtocolError: row(502, 1013, tool: true),
            .backendError: row(502, 1014, tool: true),
            .cancelled: row(499, 1015, tool: true),
            .licenseRefused: row(409, 1031),
            .licenseServerFailed: row(502, 1030),
            .internalError: row(500, RPCCode.internalError),
            .configInvalid: row(422, 1022),
            .storageFailed: row(507, 1020, tool: true),
            .storageFull: row(507, 1023, retryable: true, tool: true),
            .gatewayUnreachable: row(503, 1021, retryable: true),
        ]
    }()
}
