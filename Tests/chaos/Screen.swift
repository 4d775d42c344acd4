import GateTerminal

/// The lines while it runs: one that is rewritten on a terminal, one below the other elsewhere.
struct Screen: Sendable {
    let isQuiet: Bool

    func say(_ text: String) {
        if isQuiet { Console.complain(text) } else { Console.print(text) }
    }

    func live(_ text: String) {
        guard !isQuiet else { return }
        guard Console.isTerminal else { return Console.print(text) }
        let shown = text.prefix((Console.width ?? 200) - 1)
        Console.write(raw: Array("\r\u{1B}[K\(shown)".utf8))
    }

    /// Ends a line that was rewritten.
    func endLive() {
        if !isQuiet, Console.isTerminal { Console.write(raw: [0x0A]) }
    }
}
