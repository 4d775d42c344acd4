package import GateProtocol

/// Something about a tool's definition that people would not notice, or that is meant for the model behind their backs.
package struct DefinitionFlag: Sendable, Equatable {
    package enum Kind: String, Sendable {
        case hiddenCharacters = "hidden_characters"
        /// Its name, or its server's, can be taken for another one.
        case lookAlike = "look_alike"
        /// Its name reads as that of another server's tool, or of one of the gateway's own.
        case shadows
        /// Words that tell the model what to do beside the call, or speak of files with secrets.
        case instructions
    }

    package let kind: Kind
    /// Where in the definition; empty for the definition as a whole.
    package let path: String
    package let words: String

    package init(_ kind: Kind, path: String, words: String) {
        self.kind = kind
        self.path = path
        self.words = words
    }

    package var json: JSONValue {
        .object(JSONObject([("kind", .string(kind.rawValue)), ("path", .string(path)), ("words", .string(words))]))
    }

    package static let most = 50

    /// What the texts of a definition have in them, at most ``most`` flags.
    package static func inTexts(of definition: JSONValue) -> [DefinitionFlag] {
        var flags: [DefinitionFlag] = []
        look(at: definition, DefinitionPath(), &flags)
        return flags
    }

    private static func look(at value: JSONValue, _ path: DefinitionPath, _ flags: inout [DefinitionFlag]) {
        guard flags.count < most else { return }
        switch value {
        case .string(let text):
            if let words = HiddenText.words(text) {
                flags.append(DefinitionFlag(.hiddenCharacters, path: "\(path)", words: words))
            }
            if let words = SuspiciousWords.found(in: text) {
                flags.append(DefinitionFlag(.instructions, path: "\(path)", words: words))
            }
        case .array(let elements):
            for (index, element) in elements.enumerated() { look(at: element, path.appending(index), &flags) }
        case .object(let object):
            for member in object.members {
                let path = path.appending(member.key)
                if let words = HiddenText.words(member.key) {
                    flags.append(DefinitionFlag(.hiddenCharacters, path: "\(path)", words: "in the name: \(words)"))
                }
                look(at: member.value, path, &flags)
            }
        default: break
        }
    }
}
