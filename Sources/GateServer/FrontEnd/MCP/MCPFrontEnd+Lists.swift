import GateBackend
import GateProtocol
import NIOCore
import NIOHTTP1

/// Lists of tools, resources, templates and prompts: the kept bytes of the catalog, with little around them.
extension MCPFrontEnd {
    func listing(
        _ kind: ListKind, _ message: WireMessage, _ scope: Visibility, _ version: ProtocolVersion, _ id: ByteBuffer
    ) -> RPCReply {
        var cursor: String?
        if let field = message.param("cursor"), !field.isNull {
            guard let text = message.string(field) else {
                return .error(RPCCode.invalidParams, "params.cursor must be a string.", id: id)
            }
            cursor = text
        }
        let form = ListForm(era: version.era, offersTasks: version == .v2025_11_25)
        let page: CatalogPage
        do throws(GateError) {
            page = try services.list(kind, scope, form, cursor: cursor)
        } catch {
            return .error(error.code.traits.rpcCode, error.message, id: id, data: error.json.text)
        }
        var opening = RPCReply.opening(id)
        opening.writeString("{\"\(kind.member)\":")
        var parts = [opening]
        // The gateway's own tools come last; a server's own endpoint has only the server's.
        if kind == .tools, page.next == nil, !scope.isOneServer {
            let length = page.items.readableBytes - 1
            parts.append(page.items.getSlice(at: page.items.readerIndex, length: length) ?? ByteBuffer(string: "["))
            // "[]" is two bytes: then the own tools need no comma before them.
            parts.append(GatewayTools.listed(asTasks: form.offersTasks, isFirst: length < 2))
        } else {
            parts.append(page.items)
        }
        parts.append(MCPFrontEnd.listEnd(page, version.era))
        return RPCReply(parts: parts)
    }

    private static func listEnd(_ page: CatalogPage, _ era: ProtocolEra) -> ByteBuffer {
        var out = ByteBuffer()
        if let next = page.next { out.writeString(",\"nextCursor\":\"\(next)\"") }
        if era == .modern {
            // Which servers there are, the operator may change at any time, so nothing is said of others.
            out.writeString(
                ",\"resultType\":\"complete\",\"ttlMs\":\(page.ttl),\"cacheScope\":\"private\",\(MCPText.serverMeta)")
        }
        out.writeStaticString("}}")
        return out
    }

    /// What is asked for, unless no server that is seen can do it: what is not declared does not exist.
    func method(_ message: WireMessage, _ scope: Visibility) -> AgentMethod? {
        guard let method = AgentMethod(message) else { return nil }
        guard let needs = method.needs else { return method }
        return services.offers(scope).isSuperset(of: needs) ? method : nil
    }

    /// The refusal of an endpoint whose servers all do not exist, most likely misspelt.
    func unknownScope(_ scope: Visibility, _ id: ByteBuffer) -> RPCReply? {
        let names: [String]
        switch scope.selection {
        case .all: return nil
        case .servers(let wanted): names = wanted
        case .server(let wanted): names = [wanted]
        }
        guard !names.isEmpty, services.serverNames(scope).isEmpty else { return nil }
        let wanted = names.prefix(8).joined(separator: ", ")
        return .error(
            RPCCode.invalidRequest, "There is no server '\(wanted)'. GET /server/list shows which there are.", id: id,
            status: .notFound)
    }

    func unknownMethod(_ message: WireMessage, _ id: ByteBuffer, status: HTTPResponseStatus) -> RPCReply {
        let method = message.envelope.method.map { String(decoding: message.bytes($0.content), as: UTF8.self) } ?? ""
        return .error(RPCCode.methodNotFound, "Method not found: \(method)", id: id, status: status)
    }
}
