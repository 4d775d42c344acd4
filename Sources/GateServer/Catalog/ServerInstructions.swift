import GateCore

/// The servers' own words on how they are to be used.
enum ServerInstructions {
    /// Of one server, and of all together, in bytes: agents put all of it before every conversation.
    static let maxServer = 4 * 1024
    static let maxTotal = 16 * 1024

    /// - Parameter namesServers: whether each one's words stand under its name.
    static func text(_ servers: [CatalogServer], namesServers: Bool) -> String {
        let said = servers.compactMap { server in
            server.instructions.flatMap { words in
                words.utf8.allSatisfy { $0 <= 0x20 } ? nil : (server: server.name, words: words)
            }
        }
        guard !said.isEmpty else { return "" }
        let share = min(maxServer, maxTotal / said.count)
        return said.map { server, words in
            let kept = words.prefix(bytes: share)
            let text = kept.utf8.count < words.utf8.count ? kept + "…" : kept
            return namesServers ? "## \(server)\n\(text)" : text
        }.joined(separator: "\n\n")
    }
}
