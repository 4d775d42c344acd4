import GateProtocol

extension BackendConnection {
    /// A reply whose kind of result is one that the gateway knows; older revisions say no kind, and mean a complete one.
    /// - Throws: `BACKEND_PROTOCOL_ERROR`, as 2026-07-28 demands for a kind that was not offered.
    func checked(_ reply: WireMessage, _ operation: BackendOperation) throws(GateError) -> WireMessage {
        guard let field = reply.resultMember("resultType"), era == .modern else { return reply }
        let kind = reply.string(field)
        if kind == "complete" || (kind == "input_required" && operation.mayAsk) { return reply }
        throw broken("its result is of the kind '\((kind ?? "?").prefix(64))', which it was not offered.")
    }
}
