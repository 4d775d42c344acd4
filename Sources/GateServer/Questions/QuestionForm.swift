import GateBackend
import GateProtocol
import NIOCore

/// A question's params in the form that the asked agent's revision has. Bytes that fit are passed on as they are.
enum QuestionForm: Equatable {
    case params(ByteBuffer)
    /// The revision cannot show it: told to the server as the person's cancel.
    case cancelled

    /// - Parameters:
    ///   - capabilities: the agent's, in ``ClientCapabilities/known(to:)`` of its version.
    ///   - elicitationID: made up where the revision demands one and there is none.
    static func fitting(
        _ kind: QuestionKind, _ params: ByteBuffer, version: ProtocolVersion, capabilities: ClientCapabilities,
        elicitationID: () -> String
    ) -> QuestionForm {
        guard var members = JSONMembers(params) else { return .params(ByteBuffer(string: "{}")) }
        // A task at the agent is nothing that the gateway could carry.
        var unknown: [StaticString] = ["task"]
        switch kind {
        case .roots: break
        case .sampling:
            // Without the capability nothing else than its default may be asked for.
            if version >= .v2025_11_25, !capabilities.contains(.samplingContext) { unknown.append("includeContext") }
        case .elicitation:
            if version != .v2025_11_25 { unknown.append("elicitationId") }
            if version < .v2025_11_25 { unknown.append("mode") }
        }
        let text = withoutToken(members.without(unknown))
        guard let rest = JSONMembers(text) else { return .params(text) }
        members = rest
        switch kind {
        case .roots: return .params(text)
        case .sampling: return .params(version < .v2025_11_25 ? ContentSplit.params(members) ?? text : text)
        case .elicitation:
            if kind.needs(members) == .elicitationURL {
                guard version == .v2025_11_25, members.find("elicitationId") == nil else { return .params(text) }
                return .params(members.adding("elicitationId", .string(elicitationID())))
            }
            guard version < .v2025_11_25 else { return .params(text) }
            switch PlainForm.params(members) {
            case .unchanged: return .params(text)
            case .changed(let params): return .params(params)
            case .impossible: return .cancelled
            }
        }
    }

    /// Without the server's own progress token: nobody here reports progress of an answer, and the agent knows it as another's.
    private static func withoutToken(_ params: ByteBuffer) -> ByteBuffer {
        guard let members = JSONMembers(params), let field = members.find("_meta"), field.isObject,
            let meta = JSONMembers(members.slice(field)), meta.find("progressToken") != nil
        else { return params }
        let rest = meta.without(["progressToken"])
        let others = members.without(["_meta"])
        guard meta.fields.list.count > 1, let others = JSONMembers(others) else { return others }
        return others.adding("_meta", text: rest)
    }
}
