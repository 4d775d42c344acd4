import GateBackend
import GateProtocol
import NIOCore

/// The answers of a round in the form of 2026-07-28.
enum MadeRound {
    /// - Parameter answers: one for each request, nil where there is none.
    static func responses(
        _ interim: InterimResult, _ answers: [BackendQuestion.Answer?]
    ) throws(GateError) -> ByteBuffer? {
        guard !interim.requests.isEmpty else { return nil }
        if Task.isCancelled { throw ended(interim, "the caller cancelled the call") }
        var out = ByteBuffer(string: "{")
        // An error first: the answers that it made useless are missing.
        for (request, answer) in zip(interim.requests, answers) where request.kind != .elicitation {
            if case .error(_, let message) = answer {
                throw ended(interim, "\(request.kind.method) was answered with an error: \(message)")
            }
        }
        for (request, answer) in zip(interim.requests, answers) {
            if out.readableBytes > 1 { out.writeStaticString(",") }
            out.writeImmutable(request.key)
            out.writeStaticString(":")
            switch answer {
            case .result(let result): out.writeImmutable(result)
            case .error, nil:
                guard request.kind == .elicitation else {
                    throw ended(interim, "\(request.kind.method) was not answered, or nobody can be asked")
                }
                out.writeImmutable(QuestionKind.cancel)
            }
        }
        out.writeStaticString("}")
        return out
    }

    private static func ended(_ interim: InterimResult, _ why: String) -> GateError {
        GateError(
            .cancelled,
            "Server '\(interim.reply.server)' needs more input to go on, and the call was ended: \(why).",
            source: .caller,
            server: interim.reply.server, tool: interim.reply.tool, sent: true,
            correlationID: interim.reply.correlationID)
    }
}
