import GateBackend
import GateProtocol
import NIOCore

/// A result with `input_required` (2026-07-28): the backend goes on when the call is made again with the answers.
struct InterimResult {
    struct Request {
        /// With its quotes, as the backend wrote it.
        let key: ByteBuffer
        let kind: QuestionKind
        let params: ByteBuffer
        let needs: ClientCapabilities
    }

    let reply: CallReply
    let requests: [Request]
    /// The member `requestState`, a string.
    let state: JSONField?

    static func matches(_ reply: CallReply) -> Bool {
        guard let type = reply.message.resultMember("resultType"), type.isString else { return false }
        return reply.message.buffer.withUnsafeReadableBytes { JSONString.equal($0, type.content, "input_required") }
    }

    /// - Parameter reply: one for which ``matches(_:)`` holds.
    /// - Throws: `BACKEND_PROTOCOL_ERROR` when it asks for nothing that could be answered.
    init(_ reply: CallReply) throws(GateError) {
        let message = reply.message
        var requests: [Request] = []
        let asked = message.resultMember("inputRequests")
        if let asked, !asked.isNull {
            guard let members = JSONMembers(message.slice(asked.value)) else {
                throw InterimResult.broken(reply, "its inputRequests are not an object")
            }
            for field in members.fields.list {
                guard let request = JSONMembers(members.slice(field)),
                    let kind = request.string("method").flatMap({ QuestionKind(method: $0.utf8) })
                else { throw InterimResult.broken(reply, "it asks for something that MCP does not have") }
                let params = request.find("params").map { request.slice($0) } ?? ByteBuffer(string: "{}")
                requests.append(
                    Request(
                        key: members.key(field), kind: kind, params: params, needs: kind.needs(JSONMembers(params))))
            }
        }
        let state = message.resultMember("requestState")
        if let state, !state.isString { throw InterimResult.broken(reply, "its requestState is not a string") }
        if requests.isEmpty, state == nil {
            throw InterimResult.broken(reply, "it wants input but does not say which")
        }
        self.reply = reply
        self.requests = requests
        self.state = state
    }

    /// `requestState` as JSON text.
    var stateText: ByteBuffer? { state.map { reply.message.slice($0.value) } }

    /// What is asked of an agent that has not declared it; empty when all may be asked.
    func undeclared(_ capabilities: ClientCapabilities) -> ClientCapabilities {
        requests.reduce(into: []) { $0.formUnion($1.needs.subtracting(capabilities)) }
    }

    /// The same result with another state.
    /// - Parameter state: JSON text of a string.
    func replacingState(_ state: ByteBuffer, limits: JSONLimits) throws(GateError) -> CallReply {
        let message = reply.message
        guard let field = self.state else { return reply }
        var text = ByteBuffer()
        text.writeImmutable(message.slice(0..<field.value.lowerBound))
        text.writeImmutable(state)
        text.writeImmutable(message.slice(field.value.upperBound..<message.buffer.readableBytes))
        do throws(EnvelopeFault) {
            return CallReply(
                message: try WireMessage(text, limits: limits), server: reply.server, tool: reply.tool,
                duration: reply.duration,
                correlationID: reply.correlationID)
        } catch {
            throw InterimResult.broken(reply, error.message)
        }
    }

    static func broken(_ reply: CallReply, _ what: String) -> GateError {
        GateError(
            .backendProtocolError, "Server '\(reply.server)' broke the protocol: \(what).", source: .backend,
            server: reply.server, tool: reply.tool, sent: true, correlationID: reply.correlationID)
    }
}
