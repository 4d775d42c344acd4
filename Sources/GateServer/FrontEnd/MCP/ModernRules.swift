import NIOHTTP1
import GateBackend
import GateHTTP
import GateProtocol
import NIOCore

/// What 2026-07-28 demands of a request before its method is looked at, in the order in which it has to be checked.
enum ModernRules {
    static let versionHeader = "MCP-Protocol-Version"

    /// Whether a message belongs to the modern era: by what it carries, and by the header only when it carries nothing.
    static func apply(to message: WireMessage, _ headers: HTTPRequestFields) -> Bool {
        if message.meta(MCPMeta.protocolVersion) != nil || message.meta(MCPMeta.clientCapabilities) != nil {
            return true
        }
        if message.isMethod(MCPMethod.initialize) { return false }
        // A session is the other era's, whatever else is said.
        guard message.envelope.method != nil, let version = headers.bytes(of: versionHeader) else { return false }
        return ProtocolVersion(bytes: version)?.era == .modern && !headers.contains(LegacyRules.sessionHeader)
    }

    /// - Returns: the refusal, or nil for a request whose method may be looked at.
    static func refusal(_ message: WireMessage, _ headers: HTTPRequestFields, id: ByteBuffer) -> RPCReply? {
        guard let version = message.meta(MCPMeta.protocolVersion), version.isString else {
            return missing(MCPMeta.protocolVersion, "a string", id)
        }
        guard let capabilities = message.meta(MCPMeta.clientCapabilities), capabilities.isObject else {
            return missing(MCPMeta.clientCapabilities, "an object", id)
        }
        let written = message.bytes(version.content)
        guard headers.count(of: versionHeader) == 1, let header = headers.bytes(of: versionHeader),
            header.elementsEqual(written)
        else { return mismatch(versionHeader, "the body's protocol version", id) }
        guard let method = message.envelope.method, matches(headers, "Mcp-Method", message.bytes(method.content)) else {
            return mismatch("Mcp-Method", "the body's method", id)
        }
        if let field = named(message), field.isString {
            guard let name = message.string(field), matches(headers, "Mcp-Name", Array(name.utf8)) else {
                return mismatch("Mcp-Name", "the name in the body's params", id)
            }
        }
        guard ProtocolVersion(bytes: written) == .newest else {
            let requested = message.string(version) ?? ""
            let supported = RPCReply.list(ProtocolVersion.allCases.reversed().map(\.rawValue))
            return .error(
                RPCCode.unsupportedVersion, "Protocol version '\(requested)' is not supported on single requests.",
                id: id, status: .badRequest,
                data: "{\"supported\":\(supported),\"requested\":\(JSONValue.string(requested).text)}")
        }
        return nil
    }

    /// The member that `Mcp-Name` repeats.
    private static func named(_ message: WireMessage) -> JSONField? {
        if message.isMethod(MCPMethod.toolsCall) || message.isMethod(MCPMethod.promptsGet) {
            return message.param("name")
        }
        if message.isMethod(MCPMethod.tasksGet) || message.isMethod(MCPMethod.tasksUpdate)
            || message.isMethod(MCPMethod.tasksCancel)
        {
            return message.param("taskId")
        }
        return message.isMethod(MCPMethod.resourcesRead) ? message.param("uri") : nil
    }

    /// Whether the header is there once and stands for these bytes. A value that is not plain ASCII comes in base64.
    private static func matches(_ headers: HTTPRequestFields, _ name: String, _ expected: [UInt8]) -> Bool {
        guard headers.count(of: name) == 1, let value = headers.bytes(of: name) else { return false }
        return HeaderValue.decode(value)?.elementsEqual(expected) ?? false
    }

    private static func missing(_ key: StaticString, _ kind: String, _ id: ByteBuffer) -> RPCReply {
        .error(
            RPCCode.invalidParams, "params._meta needs \"\(key)\" (\(kind)).", id: id, status: .badRequest)
    }

    private static func mismatch(_ header: String, _ what: String, _ id: ByteBuffer) -> RPCReply {
        .error(
            RPCCode.headerMismatch, "The header \(header) must be there once and equal \(what).", id: id,
            status: .badRequest)
    }
}
