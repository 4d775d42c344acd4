import GateHTTP

/// The name under which an agent's calls are counted and logged.
enum AgentName {
    static let header = "X-Stonegate-Agent"
    static let anonymous = "anonymous"
    static let maxBytes = 64

    /// Who sends a request: whoever its credential says, else the name that its header gives; nil when neither says anything.
    static func given(_ headers: HTTPRequestFields) -> String? {
        headers.identity ?? headers.bytes(of: header).flatMap { bounded($0) }
    }

    /// Whether a request says who sends it, so that two with the same name are the same.
    static func isGiven(_ headers: HTTPRequestFields) -> Bool { headers.identity != nil || headers.contains(header) }

    /// The name a caller gave, held to 64 printable ASCII characters; nil when nothing is left.
    static func bounded(_ bytes: some Sequence<UInt8>) -> String? {
        let kept = bytes.prefix(maxBytes).map { (0x20..<0x7F).contains($0) ? $0 : UInt8(ascii: "?") }
        let trimmed = kept.drop { $0 == 0x20 }
        guard let end = trimmed.lastIndex(where: { $0 != 0x20 }) else { return nil }
        return String(decoding: trimmed[...end], as: UTF8.self)
    }
}
