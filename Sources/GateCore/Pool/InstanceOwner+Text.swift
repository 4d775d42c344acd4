extension InstanceOwner {
    /// The form in which an owner is kept in files. Secret where it names a session: whoever knows it can pass for the session.
    package var storedText: String {
        switch self {
        case .agent(let name): "a:\(name)"
        case .namedAgent(let name): "n:\(name)"
        case .tenant(let name): "t:\(name)"
        case .session(let high, let low): "s:\(String(high, radix: 16)):\(String(low, radix: 16))"
        case .namedSession(let name): "x:\(name)"
        }
    }

    /// Reads what ``storedText`` wrote.
    package init?(storedText text: String) {
        guard text.utf8.count >= 2, text.utf8[text.utf8.index(after: text.utf8.startIndex)] == UInt8(ascii: ":") else {
            return nil
        }
        let name = String(text.unicodeScalars.dropFirst(2))
        switch text.utf8.first {
        case UInt8(ascii: "a"): self = .agent(ExactText(name))
        case UInt8(ascii: "n"): self = .namedAgent(ExactText(name))
        case UInt8(ascii: "t"): self = .tenant(ExactText(name))
        case UInt8(ascii: "x"): self = .namedSession(ExactText(name))
        case UInt8(ascii: "s"):
            let words = name.split(separator: ":", omittingEmptySubsequences: false)
            guard words.count == 2, let high = UInt64(words[0], radix: 16), let low = UInt64(words[1], radix: 16) else {
                return nil
            }
            self = .session(high: high, low: low)
        default: return nil
        }
    }
}
