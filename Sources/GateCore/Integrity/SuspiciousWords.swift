/// Phrases that published attacks put into descriptions, and that a description has no honest use for. It finds what is not even
/// rephrased: a reason to look, no protection.
enum SuspiciousWords {
    /// In lower case; blanks stand for any run of blanks and line breaks.
    private static let phrases = [
        "<important>", "<system>", "<secret>", "<hidden>", "<instructions>", "<!-- ", "[system]", "system prompt",
        "ignore previous", "ignore all previous", "ignore any previous", "ignore the previous", "ignore all other",
        "disregard previous", "disregard all", "forget previous", "override previous",
        "do not tell the user", "don't tell the user", "never tell the user", "without telling the user",
        "do not mention", "don't mention", "do not inform the user", "without informing the user",
        "hide this from the user", "do not show the user", "the user must not", "without the user knowing",
        "without the user's knowledge", "do not reveal",
        "before using this tool", "before calling this tool", "before using any", "before calling any",
        "before any other tool", "after using any", "whenever any tool", "when any other tool",
        "instead of using", "must always call this tool", "always call this tool first", "use this tool first",
        "you must first read", "you must read", "read the file ~", "contents of ~", "pass its content",
        "pass the content", "as sidenote", "as a sidenote", "exfiltrate",
        "base64-encode the", "entire conversation", "whole conversation",
        "jailbreak", "developer mode",
    ]

    /// Files with secrets that are read by attacks.
    private static let files = [
        ".ssh/", "id_rsa", "id_ed25519", ".aws/credentials", ".env file", "/.env", "/etc/passwd", "/etc/shadow",
        ".netrc",
        ".cursor/mcp.json", "mcp.json", "claude_desktop_config", ".kube/config", ".npmrc", ".git-credentials",
        ".bash_history", "wallet.dat",
    ]

    private static let mostBytes = 65_536

    private struct Wanted {
        let bytes: [UInt8]
        let words: String
    }

    /// By their first byte, so that a text is gone through once.
    private static let byFirstByte: [UInt8: [Wanted]] = {
        var table: [UInt8: [Wanted]] = [:]
        func add(_ text: String, _ words: String) {
            let bytes = Array(text.utf8)
            if let first = bytes.first { table[first, default: []].append(Wanted(bytes: bytes, words: words)) }
        }
        for phrase in phrases { add(phrase, "\"\(phrase.utf8.last == 0x20 ? String(phrase.dropLast()) : phrase)\"") }
        for file in files { add(file, "speaks of \(file)") }
        return table
    }()

    /// - Returns: what was found, in words; nil for nothing.
    static func found(in text: String) -> String? {
        let plain = folded(text)
        for (index, byte) in plain.enumerated() {
            guard let wanted = byFirstByte[byte] else { continue }
            let rest = plain[index...]
            if let found = wanted.first(where: { rest.starts(with: $0.bytes) }) { return found.words }
        }
        return nil
    }

    /// Lower case, with runs of blanks as one.
    private static func folded(_ text: String) -> [UInt8] {
        var out: [UInt8] = []
        for byte in text.utf8.prefix(mostBytes) {
            switch byte {
            case 0x09, 0x0A, 0x0D, 0x20: if out.last != 0x20 { out.append(0x20) }
            case 0x41...0x5A: out.append(byte | 0x20)
            default: out.append(byte)
            }
        }
        return out
    }
}
