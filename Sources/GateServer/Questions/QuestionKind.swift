import GateBackend
import GateProtocol
import NIOCore

/// What a server can ask of an agent.
enum QuestionKind: Sendable, Equatable {
    case elicitation
    case sampling
    case roots

    /// - Returns: nil for a method that is no question.
    init?(method: some Sequence<UInt8>) {
        guard let kind = [QuestionKind.elicitation, .sampling, .roots].first(where: { $0.isMethod(method) }) else {
            return nil
        }
        self = kind
    }

    init?(_ question: BackendQuestion) {
        self.init(
            method: UnsafeBufferPointer(
                start: question.method.utf8Start, count: question.method.utf8CodeUnitCount))
    }

    var method: StaticString {
        switch self {
        case .elicitation: MCPMethod.elicit
        case .sampling: MCPMethod.sample
        case .roots: MCPMethod.rootsList
        }
    }

    private func isMethod(_ text: some Sequence<UInt8>) -> Bool {
        text.elementsEqual(UnsafeBufferPointer(start: method.utf8Start, count: method.utf8CodeUnitCount))
    }

    /// What the agent must have declared to be asked this.
    func needs(_ params: JSONMembers?) -> ClientCapabilities {
        switch self {
        case .elicitation:
            return params?.string("mode")?.utf8.elementsEqual("url".utf8) == true ? .elicitationURL : .elicitationForm
        case .sampling:
            let usesTools = [params?.find("tools"), params?.find("toolChoice")].contains { $0?.isNull == false }
            return usesTools ? [.sampling, .samplingTools] : .sampling
        case .roots: return .roots
        }
    }

    static let cancel = ByteBuffer(string: #"{"action":"cancel"}"#)

    /// Why this cannot be an answer; nil when it can. Only what every server relies on is looked at.
    func fault(_ answer: JSONMembers) -> String? {
        switch self {
        case .elicitation:
            let action = answer.string("action") ?? ""
            guard ["accept", "decline", "cancel"].contains(where: { $0.utf8.elementsEqual(action.utf8) }) else {
                return "needs \"action\": accept, decline or cancel"
            }
            if let content = answer.find("content"), !content.isObject, !content.isNull {
                return "has a \"content\" that is not an object"
            }
            return nil
        case .sampling:
            return answer.string("role") != nil && answer.find("content") != nil
                ? nil : "needs \"role\" and \"content\""
        case .roots: return answer.find("roots")?.isArray == true ? nil : "needs \"roots\", an array"
        }
    }
}

extension ClientCapabilities {
    /// What of it a revision knows: a client cannot be asked what its revision does not have, whatever it declared.
    func known(to version: ProtocolVersion) -> ClientCapabilities {
        var known = intersection(.questions)
        if version < .v2025_11_25 { known.subtract([.elicitationURL, .samplingTools, .samplingContext]) }
        if version < .v2025_06_18 { known.remove(.elicitationForm) }
        return known
    }

    /// As people call it.
    var words: String {
        var names: [String] = []
        if contains(.elicitationForm) { names.append("elicitation by forms") }
        if contains(.elicitationURL) { names.append("elicitation by URL") }
        if contains(.samplingTools) { names.append("sampling with tools") }
        if contains(.sampling), !contains(.samplingTools) { names.append("sampling") }
        if contains(.roots) { names.append("roots") }
        return names.joined(separator: " and ")
    }
}
