import GateBackend
import GateProtocol
import NIOCore
import NIOHTTP1

/// Listing tools, and what both eras refuse alike.
extension MCPFrontEnd {
    /// The whole catalog in one page: the kept bytes of the backends' tools between the gateway's own text.
    func listing(
        _ message: WireMessage, _ scope: Visibility, _ era: ProtocolEra, _ id: ByteBuffer, offersTasks: Bool = false
    ) -> RPCReply {
        if let cursor = message.param("cursor"), !cursor.isNull {
            return .error(
                RPCCode.invalidParams, "There is no such page: the list comes whole. Ask again without \"cursor\".",
                id: id)
        }
        guard
            let listed = try? services.list(.tools, scope, ListForm(era: era, offersTasks: offersTasks), cursor: nil)
                .items
        else {
            return .error(RPCCode.internalError, "", id: id)
        }
        var opening = RPCReply.opening(id)
        opening.writeStaticString("{\"tools\":")
        let length = listed.readableBytes - 1
        // "[]" is two bytes: then the own tools need no comma before them.
        guard length > 1, let head = listed.getSlice(at: listed.readerIndex, length: length) else {
            opening.writeStaticString("[")
            return RPCReply(parts: [opening, GatewayTools.listingEnd(era, isFirst: true, offersTasks: offersTasks)])
        }
        return RPCReply(parts: [opening, head, GatewayTools.listingEnd(era, isFirst: false, offersTasks: offersTasks)])
    }

    /// The refusal of an endpoint whose servers all do not exist, most likely misspelt.
    func unknownScope(_ scope: Visibility, _ id: ByteBuffer) -> RPCReply? {
        guard case .servers(let names) = scope, !names.isEmpty, services.serverNames(scope).isEmpty else { return nil }
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
