package import GateProtocol

/// Checks one entry of a backend's list of resources, templates or prompts, so that it cannot spoil the list for clients: members of
/// a kind that they do not expect are left out, an entry that lacks what it must have is dropped, alone.
package struct ItemDefinitionCheck: Sendable {
    package enum Kind: Sendable {
        case resource
        case resourceTemplate
        case prompt

        /// The member by which the entry is known.
        package var key: StaticString {
            switch self {
            case .resource: "uri"
            case .resourceTemplate: "uriTemplate"
            case .prompt: "name"
            }
        }
    }

    /// Longest URI, template or name, in bytes.
    package static let maxKey = 8 * 1024

    package let outcome: ToolDefinitionCheck.Outcome
    /// The URI, template or name; empty when there is none.
    package let key: String
    /// The definition to list.
    package let definition: JSONValue

    /// - Parameter maxDescription: in bytes; a longer one is cut.
    package init(_ item: JSONValue, kind: Kind, maxDescription: Int) {
        let key = item["\(kind.key)"]?.stringValue ?? ""
        self.key = key
        guard let object = item.objectValue else {
            (outcome, definition) = (.dropped("it is not an object"), item)
            return
        }
        if key.isEmpty || key.utf8.count > Self.maxKey {
            outcome = .dropped(key.isEmpty ? "it has no \(kind.key)" : "its \(kind.key) is too long")
            definition = item
            return
        }
        if kind == .resource, !URIForm.hasScheme(key) {
            (outcome, definition) = (.dropped("its uri has no scheme"), item)
            return
        }
        var repair = Repair(object: object)
        repair.run(kind, key: key, maxDescription: maxDescription)
        outcome = repair.reasons.isEmpty ? .keep : .repaired(repair.reasons)
        definition = repair.reasons.isEmpty ? item : .object(repair.object)
    }

    private struct Repair {
        var object: JSONObject
        var reasons: [String] = []

        mutating func run(_ kind: Kind, key: String, maxDescription: Int) {
            if object["name"]?.stringValue == nil {
                object["name"] = .string(key)
                reasons.append("it had no name")
            }
            for name in ["title", "description", "mimeType"] { expect(name) { $0.stringValue != nil } }
            for name in ["annotations", "_meta"] { expect(name) { $0.objectValue != nil } }
            for name in ["icons", "arguments"] { expect(name) { $0.arrayValue != nil } }
            expect("size") { ($0.doubleValue ?? -1) >= 0 }
            if let text = object["description"]?.stringValue, text.utf8.count > maxDescription {
                object["description"] = .string(text.prefix(bytes: maxDescription) + "…")
                reasons.append("its description was too long")
            }
            if kind == .prompt { arguments() }
        }

        private mutating func expect(_ name: String, _ isWelcome: (JSONValue) -> Bool) {
            guard let value = object[name], !isWelcome(value) else { return }
            object[name] = nil
            reasons.append("its \(name) was of the wrong kind")
        }

        private mutating func arguments() {
            guard let all = object["arguments"]?.arrayValue else { return }
            let usable = all.compactMap { argument -> JSONValue? in
                guard var members = argument.objectValue, members["name"]?.stringValue != nil else { return nil }
                for name in ["title", "description"] where members[name].map({ $0.stringValue == nil }) ?? false {
                    members[name] = nil
                }
                if members["required"].map({ $0.boolValue == nil }) ?? false { members["required"] = nil }
                return .object(members)
            }
            guard usable != all else { return }
            object["arguments"] = .array(usable)
            reasons.append("some of its arguments could not be used")
        }
    }
}
