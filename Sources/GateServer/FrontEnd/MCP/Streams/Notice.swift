import GateBackend
import GateCore
import GateProtocol
import NIOCore

/// A notification of the gateway's own, before it has the form of the stream that it goes on.
struct Notice: Sendable, Equatable {
    let method: StaticString
    /// Members of `params` as JSON text without braces; nil for none.
    var params: ByteBuffer?

    static func == (one: Notice, other: Notice) -> Bool {
        one.params == other.params && "\(one.method)".sameBytes(as: "\(other.method)")
    }

    static let toolsChanged = Notice(method: MCPMethod.toolsChanged)
    static let resourcesChanged = Notice(method: MCPMethod.resourcesChanged)
    static let promptsChanged = Notice(method: MCPMethod.promptsChanged)

    /// Lists that have changed, one notice for each kind.
    static func changed(_ kinds: CatalogKinds) -> [Notice] {
        var notices: [Notice] = []
        if kinds.contains(.tools) { notices.append(toolsChanged) }
        if kinds.contains(.resources) { notices.append(resourcesChanged) }
        if kinds.contains(.prompts) { notices.append(promptsChanged) }
        return notices
    }

    /// A resource has changed.
    static func updated(_ uri: String) -> Notice {
        var params = ByteBuffer()
        params.writeStaticString("\"uri\":")
        params.writeJSONString(uri)
        return Notice(method: MCPMethod.resourceUpdated, params: params)
    }

    /// As sessions get it.
    var plain: ByteBuffer { message(meta: nil) }

    /// As a subscription gets it (2026-07-28).
    /// - Parameter id: of the request that opened the subscription, as written.
    func tagged(_ id: ByteBuffer) -> ByteBuffer {
        var meta = ByteBuffer(string: "\"_meta\":{\"\(MCPMeta.subscriptionId)\":")
        meta.writeImmutable(id)
        meta.writeStaticString("}")
        return message(meta: meta)
    }

    private func message(meta: ByteBuffer?) -> ByteBuffer {
        var out = ByteBuffer(string: "{\"jsonrpc\":\"2.0\",\"method\":\"\(method)\"")
        guard meta != nil || params != nil else {
            out.writeStaticString("}")
            return out
        }
        out.writeStaticString(",\"params\":{")
        if let params { out.writeImmutable(params) }
        if let meta {
            if params != nil { out.writeStaticString(",") }
            out.writeImmutable(meta)
        }
        out.writeStaticString("}}")
        return out
    }
}
