import GateProtocol
import GateTerminal

/// How far a call is: a bar that is drawn again and again on a terminal, lines elsewhere.
struct ProgressBar {
    private let isTerminal: Bool
    private let style: Style
    private var shown = ""

    private static let width = 24
    /// Back to the beginning of the line, and nothing on it.
    private static let clear = "\r\u{1B}[K"

    init(isTerminal: Bool, style: Style) {
        self.isTerminal = isTerminal
        self.style = style
    }

    /// What has to be written for a change; nil for nothing.
    mutating func text(_ state: CallState) -> String? {
        guard !state.status.isEnd else { return end() }
        let words = state.progress.map(ProgressBar.words) ?? SafeText.line(state.status.rawValue)
        let line = isTerminal ? bar(state.progress) + words : words
        guard line != shown else { return nil }
        shown = line
        return isTerminal ? ProgressBar.clear + line : line + "\n"
    }

    /// Takes the bar away; what follows begins on a clean line.
    mutating func end() -> String? {
        defer { shown = "" }
        return isTerminal && !shown.isEmpty ? ProgressBar.clear : nil
    }

    private func bar(_ progress: CallState.Progress?) -> String {
        guard let progress, let total = progress.total, total > 0 else { return "" }
        let share = min(1, max(0, progress.progress / total))
        let full = Int((share * Double(ProgressBar.width)).rounded(.down))
        let empty = ProgressBar.width - full
        return style.apply(.green, String(repeating: "█", count: full))
            + style.apply(.dim, String(repeating: "░", count: empty)) + " "
    }

    /// `3 of 5: indexing`
    static func words(_ progress: CallState.Progress) -> String {
        func number(_ value: Double) -> String {
            value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : JSONValue(rounded: value).text
        }
        var words = number(progress.progress)
        if let total = progress.total { words += " of \(number(total))" }
        if let message = progress.message { words += ": \(SafeText.line(message))" }
        return words
    }
}
