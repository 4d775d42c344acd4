import NIOHTTP1
import GateBackend
import GateHTTP
import GateProtocol
import NIOCore

/// Arrays of messages, which only 2025-03-26 has.
extension MCPFrontEnd {
    func postBatch(_ request: HTTPRequest, _ exchange: HTTPExchange, _ scope: Visibility) async {
        guard request.headers.contains(LegacyRules.sessionHeader) else {
            return send(MCPFrontEnd.refusal(.batch, in: request.body), on: exchange)
        }
        guard let context = legacyContext(request, exchange, scope, nil) else { return }
        guard context.version == .v2025_03_26 else {
            return send(MCPFrontEnd.refusal(.batch, in: request.body), on: exchange)
        }
        let ranges = request.body.withUnsafeReadableBytes { text -> [Range<Int>] in
            var scanner = JSONScanner(text, limits: options.json)
            return (try? scanner.scanArray()) ?? []
        }
        guard !ranges.isEmpty, ranges.count <= options.maxBatch else {
            return refuse(.badRequest, "A batch needs 1 to \(options.maxBatch) messages.", on: exchange)
        }
        let replies = await answer(ranges, of: request.body, context)
        guard !replies.isEmpty else {
            exchange.send(status: .accepted)
            return
        }
        var parts = [ByteBuffer(string: "[")]
        for (index, reply) in replies.enumerated() {
            if index > 0 { parts.append(ByteBuffer(string: ",")) }
            parts += reply.parts
        }
        parts.append(ByteBuffer(string: "]"))
        exchange.send(status: .ok, headers: MCPText.jsonHeaders, body: parts)
    }

    /// The answers in the order of their requests; the requests run side by side.
    private func answer(_ ranges: [Range<Int>], of body: ByteBuffer, _ context: MCPContext) async -> [RPCReply] {
        await withTaskGroup(of: (Int, RPCReply?).self) { group in
            for (index, range) in ranges.enumerated() {
                let text = body.getSlice(at: body.readerIndex + range.lowerBound, length: range.count) ?? ByteBuffer()
                group.addTask { (index, await self.answer(text, context)) }
            }
            var replies = [RPCReply?](repeating: nil, count: ranges.count)
            for await (index, reply) in group { replies[index] = reply }
            return replies.compactMap { $0 }
        }
    }

    private func answer(_ text: ByteBuffer, _ context: MCPContext) async -> RPCReply? {
        let message: WireMessage
        do throws(EnvelopeFault) {
            message = try WireMessage(text, limits: options.json)
        } catch {
            return MCPFrontEnd.refusal(error, in: text)
        }
        if let fault = MCPFrontEnd.idFault(message) { return fault }
        guard message.envelope.kind == .request, let field = message.envelope.id else {
            accept(message, context)
            return nil
        }
        let id = message.slice(field.value)
        if message.isMethod(MCPMethod.initialize) {
            return .error(RPCCode.invalidRequest, "initialize cannot be part of a batch.", id: id)
        }
        guard MCPFrontEnd.isCall(message) else {
            return await sessionAnswer(message, context, id) ?? legacyAnswer(message, context, id)
        }
        let canceller = CallCanceller()
        return await cancellable(canceller, context, id) {
            await canceller.run { await carryOut(plan(message, context, id), context, id) }
        }
    }
}
