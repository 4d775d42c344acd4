/// The names that one tool may be exposed under, best first, without end: the caller takes the first free one.
struct NameCandidates: Sequence, IteratorProtocol {
    private let tool: String
    private let server: String
    private let hash: UInt64
    private var step: UInt64 = 0

    init(_ identity: ToolIdentity) {
        tool = identity.tool
        server = identity.server
        hash = NameHash.of(server: identity.server, tool: identity.tool)
    }

    mutating func next() -> String? {
        defer { step &+= 1 }
        switch step {
        case 0: return plain ?? qualified
        case 1: return qualified
        // Consecutive values differ in their suffix, so one of them is free whatever the table holds.
        default: return ToolNaming.cut(qualifiedText, hash: hash &+ (step &- 2))
        }
    }

    /// The tool's own name, changed only as far as it must be. Nil when nothing readable is left of it.
    private var plain: String? {
        if ToolNaming.fits(tool) { return tool }
        return ToolNaming.sanitized(tool).map(shortened)
    }

    private var qualified: String {
        shortened(qualifiedText)
    }

    /// `server_tool`. What the gateway coins begins with a letter (some models refuse anything else) and never looks
    /// like one of its own tools, whatever the server is called.
    private var qualifiedText: String {
        let readable = ToolNaming.sanitized(tool) ?? NameHash.suffix(hash)
        let joined = ToolNaming.sanitized(server + "_" + readable) ?? readable
        let startsWithLetter = joined.utf8.first.map(ToolNaming.isLetter) ?? false
        guard startsWithLetter, !ToolNaming.isReserved(joined) else {
            return ToolNaming.sanitized("backend_" + joined) ?? joined
        }
        return joined
    }

    private func shortened(_ name: String) -> String {
        name.utf8.count <= ToolNaming.maxLength ? name : ToolNaming.cut(name, hash: hash)
    }
}
