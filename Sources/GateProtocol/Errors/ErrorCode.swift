/// Why the gateway or a backend could not do what was asked. An open set: an unknown code survives a round trip.
public struct ErrorCode: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }
    private init(_ rawValue: String) { self.rawValue = rawValue }

    public var description: String { rawValue }

    // The request itself.
    public static let badRequest = ErrorCode("BAD_REQUEST")
    public static let invalidJSON = ErrorCode("INVALID_JSON")
    public static let invalidParams = ErrorCode("INVALID_PARAMS")
    public static let methodNotFound = ErrorCode("METHOD_NOT_FOUND")
    public static let notFound = ErrorCode("NOT_FOUND")
    public static let methodNotAllowed = ErrorCode("METHOD_NOT_ALLOWED")
    public static let notAcceptable = ErrorCode("NOT_ACCEPTABLE")
    public static let unsupportedMediaType = ErrorCode("UNSUPPORTED_MEDIA_TYPE")
    public static let payloadTooLarge = ErrorCode("PAYLOAD_TOO_LARGE")
    public static let toolNotFound = ErrorCode("TOOL_NOT_FOUND")
    public static let resourceNotFound = ErrorCode("RESOURCE_NOT_FOUND")
    public static let promptNotFound = ErrorCode("PROMPT_NOT_FOUND")
    public static let ambiguousTool = ErrorCode("AMBIGUOUS_TOOL")
    public static let serverNotFound = ErrorCode("SERVER_NOT_FOUND")
    public static let serverExists = ErrorCode("SERVER_EXISTS")
    public static let sessionNotFound = ErrorCode("SESSION_NOT_FOUND")
    public static let callNotFound = ErrorCode("CALL_NOT_FOUND")
    public static let idempotencyConflict = ErrorCode("IDEMPOTENCY_CONFLICT")

    // Who asks, and from where.
    public static let hostRefused = ErrorCode("HOST_REFUSED")
    public static let originRefused = ErrorCode("ORIGIN_REFUSED")
    public static let adminRequired = ErrorCode("ADMIN_REQUIRED")
    public static let unauthenticated = ErrorCode("UNAUTHENTICATED")
    public static let insufficientScope = ErrorCode("INSUFFICIENT_SCOPE")
    public static let accessRefused = ErrorCode("ACCESS_REFUSED")
    public static let issuerUnavailable = ErrorCode("ISSUER_UNAVAILABLE")
    public static let agentExists = ErrorCode("AGENT_EXISTS")
    public static let agentNotFound = ErrorCode("AGENT_NOT_FOUND")

    // Not sent to the backend: safe to try again.
    public static let circuitOpen = ErrorCode("CIRCUIT_OPEN")
    public static let overloaded = ErrorCode("OVERLOADED")
    public static let starting = ErrorCode("STARTING")
    public static let backendDown = ErrorCode("BACKEND_DOWN")
    public static let backendDisabled = ErrorCode("BACKEND_DISABLED")
    public static let credentialsUnavailable = ErrorCode("CREDENTIALS_UNAVAILABLE")
    public static let draining = ErrorCode("DRAINING")
    /// Hidden until the operator approves it; not to be tried again before.
    public static let toolChanged = ErrorCode("TOOL_CHANGED")
    public static let toolNotApproved = ErrorCode("TOOL_NOT_APPROVED")

    // Sent: what the backend did with it may be unknown.
    public static let timeout = ErrorCode("TIMEOUT")
    public static let backendDied = ErrorCode("BACKEND_DIED")
    public static let outcomeUnknown = ErrorCode("OUTCOME_UNKNOWN")
    public static let backendProtocolError = ErrorCode("BACKEND_PROTOCOL_ERROR")
    public static let backendError = ErrorCode("BACKEND_ERROR")
    public static let cancelled = ErrorCode("CANCELLED")

    // The license.
    public static let licenseRefused = ErrorCode("LICENSE_REFUSED")
    public static let licenseServerFailed = ErrorCode("LICENSE_SERVER_FAILED")

    // The gateway itself, and reaching it.
    public static let internalError = ErrorCode("INTERNAL_ERROR")
    public static let configInvalid = ErrorCode("CONFIG_INVALID")
    public static let storageFailed = ErrorCode("STORAGE_FAILED")
    public static let storageFull = ErrorCode("STORAGE_FULL")
    public static let gatewayUnreachable = ErrorCode("GATEWAY_UNREACHABLE")
}
