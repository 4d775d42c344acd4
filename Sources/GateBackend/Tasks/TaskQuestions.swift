import GateCore
import GateProtocol
import NIOCore
import Synchronization

/// What a task of 2026-07-28 asks: each question goes to the caller once, and its answer to the task.
final class TaskQuestions: Sendable {
    private struct State {
        /// Open ones by the task's own keys, with the time at which they are answered by themselves.
        var open: [String: (question: BackendQuestion, deadline: Instant)] = [:]
        var asked: Set<String> = []
        var failure: GateError?
    }

    private let connection: BackendConnection
    private let task: BackendTask
    private let listener: CallListener?
    private let state = Mutex(State())

    init(_ connection: BackendConnection, _ task: BackendTask, _ listener: CallListener?) {
        self.connection = connection
        self.task = task
        self.listener = listener
    }

    var areOpen: Bool { state.withLock { !$0.open.isEmpty } }

    /// Asks what is new, takes back what the task does not want to know any more.
    ///
    /// - Parameter reply: the task's state with its `inputRequests`; nil when it asks nothing.
    /// - Returns: why the call cannot go on.
    func update(_ reply: WireMessage?, timeout: Duration) -> GateError? {
        let requests = reply.flatMap { $0.value($0.resultMember("inputRequests")) }?.objectValue?.members ?? []
        let keys = Set(requests.map(\.key))
        let now = Instant.now
        let (gone, late) = state.withLock { state in
            let gone = state.open.filter { !keys.contains($0.key) }
            for key in gone.keys { state.open[key] = nil }
            return (gone.values.map(\.question), state.open.values.filter { $0.deadline <= now }.map(\.question))
        }
        for question in gone { question.withdraw() }
        for question in late { question.answer(question.unanswered("the agent did not answer in time")) }
        for request in requests { ask(request.key, request.value, until: now.advanced(by: timeout)) }
        return state.withLock { $0.failure }
    }

    private func ask(_ key: String, _ request: JSONValue, until deadline: Instant) {
        guard state.withLock({ $0.asked.insert(key).inserted }) else { return }
        let params = ByteBuffer(bytes: (request["params"] ?? .object(JSONObject())).bytes)
        var text = ByteBuffer(string: "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":")
        text.writeJSONString(request["method"]?.stringValue ?? "")
        text.writeStaticString(",\"params\":")
        text.writeImmutable(params)
        text.writeStaticString("}")
        guard let message = try? WireMessage(text), let kind = QuestionKind(message) else {
            return fail("it asks for something that MCP does not have")
        }
        let question = BackendQuestion(method: kind.method, params: params, needs: kind.needs) { [weak self] answer in
            self?.answered(key, kind, answer)
        }
        guard let listener, listener.capabilities.isSuperset(of: kind.needs) else {
            return fail("it asks for something that the caller has not declared")
        }
        state.withLock { $0.open[key] = (question, deadline) }
        listener.onEvent(.question(question))
    }

    private func answered(_ key: String, _ kind: QuestionKind, _ answer: BackendQuestion.Answer) {
        state.withLock { $0.open[key] = nil }
        let result: ByteBuffer
        switch answer {
        case .result(let given): result = given
        case .error(_, let message):
            // An error cannot be said to such a server; that nobody answered can, in one case.
            guard kind.method.isSame(as: MCPMethod.elicit) else { return fail("its question was refused: \(message)") }
            result = ByteBuffer(string: #"{"action":"cancel"}"#)
        }
        var members = task.member
        members.writeStaticString(",\"inputResponses\":{")
        members.writeJSONString(key)
        members.writeStaticString(":")
        members.writeImmutable(result)
        members.writeStaticString("}")
        connection.post(MCPMethod.tasksUpdate, members, name: task.id)
    }

    private func fail(_ why: String) {
        let error = GateError(
            .cancelled, "The task of server '\(connection.server)' cannot go on: \(why).", source: .backend,
            server: connection.server, sent: true)
        state.withLock { $0.failure = $0.failure ?? error }
    }

    /// The call has ended: nobody waits for what is open.
    func end() {
        let open = state.withLock { state in
            defer { state.open = [:] }
            return state.open.values.map(\.question)
        }
        for question in open { question.withdraw() }
    }
}
