import GateBackend
import GateCore
import GateProtocol
import NIOCore
import Synchronization

/// Asks the client of a session what a task needs to know, on the stream of a `tasks/result` (2025-11-25).
final class TaskAsker: Sendable {
    private struct State {
        /// What this stream has asked, by the task's own keys.
        var asked: [String: SessionQuestions.Key] = [:]
        var isOver = false
    }

    private let questions: SessionQuestions
    private let task: AsyncCallID
    private let session: MCPSession
    private let capabilities: ClientCapabilities
    private let owners: [InstanceOwner]
    private let channel: any ReplyChannel
    private let tasks: AsyncCalls
    private let state = Mutex(State())

    init(
        _ questions: SessionQuestions, _ task: AsyncCallID, _ session: MCPSession, _ context: MCPContext,
        _ channel: any ReplyChannel, _ tasks: AsyncCalls
    ) {
        self.questions = questions
        self.task = task
        self.session = session
        self.channel = channel
        self.tasks = tasks
        capabilities = context.capabilities.known(to: context.version)
        owners = context.owners
    }

    /// Asks what is open and has not been asked here, and takes back what nobody wants to know any more.
    func ask(_ view: AsyncCallView) {
        guard view.id == task else { return }
        let open = Set(view.questions.map(\.key))
        let gone = state.withLock { state in
            let gone = state.asked.filter { !open.contains($0.key) }
            for key in gone.keys { state.asked[key] = nil }
            return gone
        }
        for key in gone.values { _ = questions.withdraw(key, on: channel) }
        for question in view.questions { ask(question) }
    }

    private func ask(_ question: AsyncQuestion) {
        // Known as asked before it is, so that nobody else asks it meanwhile.
        let isNew = state.withLock { state in
            guard !state.isOver, state.asked[question.key] == nil else { return false }
            state.asked[question.key] = SessionQuestions.Key(session: session.id, request: 0)
            return true
        }
        guard isNew else { return }
        let form = QuestionForm.fitting(
            question.kind, question.params, version: session.version, capabilities: capabilities,
            elicitationID: ElicitationID.make)
        guard case .params(let params) = form else {
            tasks.answer(task, for: owners, question.key, .result(QuestionKind.cancel))
            return
        }
        let key = questions.ask(session.id, question.kind, TaskText.related(params, to: task), on: channel) {
            [tasks, task, owners] answer in
            tasks.answer(task, for: owners, question.key, answer)
        }
        state.withLock { $0.asked[question.key] = key }
    }

    /// The stream asks no more. What it has asked stays open: another stream can ask it again.
    func end() {
        let asked = state.withLock { state in
            defer { state.asked = [:] }
            state.isOver = true
            return state.asked
        }
        for key in asked.values { _ = questions.withdraw(key, on: channel) }
    }
}
