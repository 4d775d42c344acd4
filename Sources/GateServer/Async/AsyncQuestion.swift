import GateBackend
package import NIOCore

/// Something that a server wants to know from the owner of a call before it goes on.
package struct AsyncQuestion: Sendable {
    /// Names it among all questions of this call, those of the past too.
    package let key: String
    /// `elicitation/create`, `sampling/createMessage` or `roots/list`.
    package let method: String
    /// The request's `params` as JSON text of an object.
    package let params: ByteBuffer
}

/// The open questions of one call, and what is done with their answers.
struct AsyncQuestions: Sendable {
    typealias Handler = @Sendable (BackendQuestion.Answer) -> Void

    private var entries: [(question: AsyncQuestion, handler: Handler)] = []
    private var asked = 0

    var open: [AsyncQuestion] { entries.map(\.question) }
    var count: Int { entries.count }

    /// - Parameter handler: called at most once, outside the lock.
    /// - Returns: the question's key.
    mutating func add(method: String, params: ByteBuffer, _ handler: @escaping Handler) -> String {
        asked += 1
        let question = AsyncQuestion(key: "question-\(asked)", method: method, params: params)
        entries.append((question, handler))
        return question.key
    }

    /// Takes a question out: it is being answered, or the server does not want the answer any more.
    mutating func take(_ key: String) -> Handler? {
        guard let index = entries.firstIndex(where: { $0.question.key == key }) else { return nil }
        return entries.remove(at: index).handler
    }

    mutating func takeAll() -> [Handler] {
        defer { entries = [] }
        return entries.map(\.handler)
    }
}
