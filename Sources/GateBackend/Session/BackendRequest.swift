package import GateCore
import GateProtocol
package import NIOCore

/// One request to a backend, before it has an id and the form of the backend's era.
package struct BackendRequest: Sendable {
    package enum Params: Sendable {
        case none
        /// Members of `params` as JSON text without braces and without `_meta`.
        case members(ByteBuffer)
        /// A tool by the backend's own name, with its arguments as JSON text.
        case tool(String, arguments: ByteBuffer?)
    }

    package var method: StaticString
    package var params: Params
    /// Members of the caller's `_meta` that are passed on, as JSON text without braces.
    package var meta: ByteBuffer?
    /// When it is given up; nil for requests that stay open (`subscriptions/listen`).
    package var deadline: Instant?
    /// Set when progress is wanted: gets the members of each notice but the token, as JSON text without braces.
    package var onProgress: (@Sendable (ByteBuffer) -> Void)?
    /// Header fields that repeat arguments (HTTP, 2026-07-28), not yet encoded.
    package var mirrored: [(header: String, value: String)] = []
    /// Whether the backend is told when it is given up: never for the handshake.
    package var isCancellable = true

    package init(
        _ method: StaticString, _ params: Params = .none, meta: ByteBuffer? = nil, deadline: Instant?,
        onProgress: (@Sendable (ByteBuffer) -> Void)? = nil, isCancellable: Bool = true
    ) {
        self.method = method
        self.params = params
        self.meta = meta
        self.deadline = deadline
        self.onProgress = onProgress
        self.isCancellable = isCancellable
    }

    /// What HTTP mirrors in `Mcp-Name`.
    var mirroredName: String? {
        if case .tool(let name, _) = params { name } else { nil }
    }

    /// The message as the era demands, with a line end: stdio needs it and JSON does not mind.
    func encoded(key: UInt64, era: ProtocolEra) -> ByteBuffer {
        var size = 320
        if case .tool(_, let arguments?) = params { size += arguments.readableBytes }
        if case .members(let members) = params { size += members.readableBytes }
        var out = ByteBufferAllocator().buffer(capacity: size)
        out.writeStaticString("{\"jsonrpc\":\"2.0\",\"id\":")
        out.writeDecimal(key)
        out.writeStaticString(",\"method\":\"")
        out.writeStaticString(method)
        let writesMeta = era == .modern || onProgress != nil || meta != nil
        if case .none = params, !writesMeta {
            out.writeStaticString("\"}\n")
            return out
        }
        out.writeStaticString("\",\"params\":{")
        var hasMember = true
        switch params {
        case .none: hasMember = false
        case .members(let members):
            hasMember = members.readableBytes > 0
            out.writeImmutable(members)
        case .tool(let name, let arguments):
            out.writeStaticString("\"name\":")
            out.writeJSONString(name)
            out.writeStaticString(",\"arguments\":")
            if let arguments { out.writeImmutable(arguments) } else { out.writeStaticString("{}") }
        }
        if writesMeta {
            if hasMember { out.writeStaticString(",") }
            writeMeta(key: key, era: era, to: &out)
        }
        out.writeStaticString("}}\n")
        return out
    }

    private func writeMeta(key: UInt64, era: ProtocolEra, to out: inout ByteBuffer) {
        out.writeStaticString("\"_meta\":{")
        var hasMember = false
        if era == .modern {
            out.writeStaticString(BackendRequest.modernMeta)
            hasMember = true
        }
        if onProgress != nil {
            out.writeStaticString(hasMember ? ",\"progressToken\":" : "\"progressToken\":")
            out.writeDecimal(key)
            hasMember = true
        }
        if let meta, meta.readableBytes > 0 {
            if hasMember { out.writeStaticString(",") }
            out.writeImmutable(meta)
        }
        out.writeStaticString("}")
    }

    /// The reserved keys of a modern request. No capability is declared: the gateway answers no questions of backends, and a
    /// backend must not ask one that nobody answers.
    private static let modernMeta: StaticString = """
        "io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},\
        "io.modelcontextprotocol/clientInfo":{"name":"stonegate","version":"0.1.0"}
        """
}
