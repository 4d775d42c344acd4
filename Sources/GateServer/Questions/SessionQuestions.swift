import GateBackend
import GateProtocol
import NIOCore
import Synchronization

/// What agents with sessions are being asked: requests of the gateway's own, each answered in a POST of the same session.
///
/// An answer counts only from the session that was asked: a number alone finds nothing.
final class SessionQuestions: Sendable {
    struct Key: Hashable {
        let session: MCPSession.ID
        let request: UInt64
    }

    typealias Handler = @Sendable (BackendQuestion.Answer) -> Void

    private struct State {
        var open: [Key: Handler] = [:]
        var last: UInt64
    }

    private let state: Mutex<State>

    /// - Parameter first: below the numbers that are given; random, so that an answer from before a restart finds nothing.
    init(first: UInt64 = .random(in: 1..<1 << 40)) { state = Mutex(State(last: first)) }

    /// Questions that wait for an answer.
    var count: Int { state.withLock { $0.open.count } }

    /// Sends a question to a session on the stream of the call that caused it.
    ///
    /// - Parameter onAnswer: called at most once, on any thread.
    /// - Returns: nil when the agent cannot be reached; `onAnswer` is not called then.
    func ask(
        _ session: MCPSession.ID, _ kind: QuestionKind, _ params: ByteBuffer, on channel: any ReplyChannel,
        onAnswer: @escaping Handler
    ) -> Key? {
        let key = state.withLock { state in
            state.last &+= 1
            let key = Key(session: session, request: state.last)
            state.open[key] = onAnswer
            return key
        }
        var request = ByteBuffer()
        request.writeString("{\"jsonrpc\":\"2.0\",\"id\":\(key.request),\"method\":\"\(kind.method)\",\"params\":")
        request.writeImmutable(params)
        request.writeStaticString("}")
        if channel.message([request]) { return key }
        // The answer can have been there already only if the agent was reached.
        return take(key) == nil ? key : nil
    }

    /// Nobody waits for the answer any more: the agent may stop asking its user.
    /// - Returns: false when the answer has come meanwhile.
    func withdraw(_ key: Key, on channel: any ReplyChannel) -> Bool {
        guard take(key) != nil else { return false }
        let notice =
            "{\"jsonrpc\":\"2.0\",\"method\":\"\(MCPMethod.cancelled)\",\"params\":{\"requestId\":\(key.request),"
            + "\"reason\":\"The server no longer waits for the answer.\"}}"
        channel.message([ByteBuffer(string: notice)])
        return true
    }

    /// Takes in an answer that a session sent; one that nobody waits for is dropped.
    func accept(_ message: WireMessage, from session: MCPSession.ID) {
        guard let field = message.envelope.id, field.value.count <= 20,
            let request = UInt64(String(decoding: message.bytes(field.content), as: UTF8.self)),
            let handler = take(Key(session: session, request: request))
        else { return }
        handler(SessionQuestions.answer(message))
    }

    /// The session has ended.
    func end(_ session: MCPSession.ID) {
        let handlers = state.withLock { state in
            let keys = state.open.keys.filter { $0.session == session }
            return keys.compactMap { state.open.removeValue(forKey: $0) }
        }
        for handler in handlers {
            handler(.error(code: RPCCode.internalError, message: "The agent's session has ended."))
        }
    }

    private func take(_ key: Key) -> Handler? { state.withLock { $0.open.removeValue(forKey: key) } }

    private static func answer(_ message: WireMessage) -> BackendQuestion.Answer {
        if message.envelope.kind == .result {
            guard let result = message.envelope.result else {
                return .error(code: RPCCode.internalError, message: "The agent's answer is not an object.")
            }
            return .result(message.slice(result.range))
        }
        let code = message.int(message.find("code", in: message.envelope.error)) ?? RPCCode.internalError
        let words = message.string(message.find("message", in: message.envelope.error))
        return .error(code: code, message: words ?? "The agent gave no reason.")
    }
}
