import GateProtocol

/// What a word of the command line means: `SERVER/TOOL`, `SERVER/TOOL@DIGEST` or `@DIGEST`, the digest by its first digits.
struct ToolSelector {
    let word: String
    private let shortest = 6

    init(_ word: String) { self.word = word }

    /// - Parameter tool: as `GET /integrity` lists it.
    func matches(_ tool: JSONValue) -> Bool {
        let digest = (tool["digest"]?.stringValue ?? "").drop { $0 != ":" }.dropFirst()
        let name = "\(tool["server"]?.stringValue ?? "")/\(tool["tool"]?.stringValue ?? "")"
        if name.utf8.elementsEqual(word.utf8) { return true }
        guard let at = word.utf8.lastIndex(of: UInt8(ascii: "@")) else { return false }
        let digits = word[word.utf8.index(after: at)...]
        guard digits.utf8.count >= shortest, digest.utf8.starts(with: digits.utf8) else { return false }
        return at == word.startIndex || name.utf8.elementsEqual(word[..<at].utf8)
    }

    /// The word that means this definition and no other; by the digest alone where the name is not easily typed.
    static func naming(_ tool: JSONValue) -> String {
        let digest = (tool["digest"]?.stringValue ?? "").drop { $0 != ":" }.dropFirst().prefix(12)
        let name = "\(tool["server"]?.stringValue ?? "")/\(tool["tool"]?.stringValue ?? "")"
        let isPlain = name.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte & 0xDF) || "-_./".utf8.contains(byte)
        }
        return "\(isPlain ? name : "")@\(digest)"
    }
}
