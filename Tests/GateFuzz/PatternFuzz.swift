import GateCore

/// A pattern, a line end, a server, a line end, a name: held against the plainest matcher there is.
enum PatternFuzz {
    static func check(_ input: [UInt8]) -> String? {
        let parts = input.split(separator: 0x0A, maxSplits: 2, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
        guard parts.count == 3, input.count <= 200, let pattern = try? AccessPattern(parts[0]) else { return nil }
        let list = AccessRules.List(allow: [pattern], deny: [])
        let policy = AccessPolicy([AccessRules(owner: "x", tools: list)])
        let found = policy.permits(.tool, server: parts[1], item: parts[2])
        let texts = parts[0] == "*" ? ["*", "*"] : split(parts[0])
        let expected = matches(texts[0], parts[1]) && matches(texts[1], parts[2])
        guard found == expected else { return "'\(parts[0])' and \(parts[1])/\(parts[2]): \(found)" }
        if found, !policy.reaches(parts[1]) { return "what is permitted lies at a server that is not there" }
        let denied = AccessPolicy([
            AccessRules(owner: "x", tools: AccessRules.List(allow: [.everything], deny: [pattern]))
        ])
        return denied.permits(.tool, server: parts[1], item: parts[2]) == !expected ? nil : "deny is not the opposite"
    }

    private static func split(_ text: String) -> [String] {
        // By bytes: to a string, a slash with an accent on it is no slash.
        text.utf8.split(separator: UInt8(ascii: "/"), maxSplits: 1, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    /// By all prefixes, scalar by scalar.
    private static func matches(_ pattern: String, _ text: String) -> Bool {
        let pattern = Array(pattern.unicodeScalars)
        let text = Array(text.unicodeScalars)
        var reach = [true] + [Bool](repeating: false, count: text.count)
        for sign in pattern {
            var next = [Bool](repeating: false, count: text.count + 1)
            for end in 0...text.count {
                switch sign {
                case "*": next[end] = reach[end] || (end > 0 && next[end - 1])
                case "?": next[end] = end > 0 && reach[end - 1]
                default: next[end] = end > 0 && reach[end - 1] && text[end - 1] == sign
                }
            }
            reach = next
        }
        return reach[text.count]
    }
}
