import GateBackend
package import NIOCore

/// Something that a server wants to know from the owner of a call before it goes on.
package struct AsyncQuestion: Sendable {
    /// Names it among all questions of this call, those of the past too.
    package let key: String
    let kind: QuestionKind
    /// The request's `params` as JSON text of an object, as the server wrote them.
    package let params: ByteBuffer

    /// `elicitation/create`, `sampling/createMessage` or `roots/list`.
    package var method: String { "\(kind.method)" }
}

/// The open questions of one call.
struct AsyncQuestions: Sendable {
    private var entries: [(key: String, kind: QuestionKind, params: ByteBuffer, question: BackendQuestion)] = []
    private var asked = 0

    var open: [AsyncQuestion] { entries.map { AsyncQuestion(key: $0.key, kind: $0.kind, params: $0.params) } }
    var count: Int { entries.count }

    /// - Returns: the question's key.
    mutating func add(_ kind: QuestionKind, _ question: BackendQuestion) -> String {
        asked += 1
        let key = "question-\(asked)"
        entries.append((key, kind, ByteBuffer(bytes: question.params.readableBytesView), question))
        return key
    }

    /// Takes a question out: it is being answered, or the server does not want the answer any more.
    mutating func take(_ key: String) -> BackendQuestion? {
        guard let index = entries.firstIndex(where: { $0.key == key }) else { return nil }
        return entries.remove(at: index).question
    }

    mutating func takeAll() -> [(kind: QuestionKind, question: BackendQuestion)] {
        defer { entries = [] }
        return entries.map { ($0.kind, $0.question) }
    }
}
