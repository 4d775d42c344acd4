import GateCore
import GateProtocol

/// A tool that is new, or not as it was, and that nobody has approved so.
struct IntegrityNews: Sendable {
    let server: String
    let news: PinBook.News
    let flags: [DefinitionFlag]

    /// In words for the log.
    var words: String { words("tool '\(news.tool)'") }

    /// In words for `/events`, which agents may read: not the name of a tool that is hidden from them because nobody knows it.
    var eventWords: String {
        news.isHeld && news.previous == nil ? words("a tool") : words
    }

    /// Nothing that the server wrote is in them but the tool's name.
    private func words(_ tool: String) -> String {
        let what = news.previous == nil ? "is new" : "has changed"
        let kinds = Set(flags.map(\.kind.rawValue)).sorted().joined(separator: ", ")
        let suspicion = kinds.isEmpty ? "" : " (\(kinds))"
        let outcome = news.isHeld ? "is hidden from agents until it is approved" : "waits for approval"
        return "\(tool) \(what)\(suspicion) and \(outcome): stonegate approve"
    }

    /// Both hashes, for the audit log.
    var detail: String {
        "\(news.isHeld ? "hidden" : "served"), "
            + (news.previous.map { "\($0) -> \(news.digest)" } ?? "\(news.digest)")
    }
}
