/// The tools that fit a query, best first, or for an empty query the servers.
package struct DiscoveryAnswer: Sendable, Hashable {
    package var hits: [DiscoveryHit] = []
    /// Filled only for an empty query, in the order of the servers' names.
    package var servers: [DiscoveryServer] = []
    /// How many hits (for an empty query: servers) all pages have together.
    package var total = 0
    /// The offset of the next page, or `nil` on the last one.
    package var nextOffset: Int?
}

/// One tool that fits a query.
package struct DiscoveryHit: Sendable, Hashable {
    package var server: String
    /// The tool's own name on its server.
    package var tool: String
    package var exposedName: String
    /// Comparable within one answer only; higher is better.
    package var score: Double
    /// Why the tool is here, in a few words: `name: search, web · meaning`.
    package var why: String
}

/// One server in the answer to an empty query.
package struct DiscoveryServer: Sendable, Hashable {
    package var server: String
    package var title: String?
    package var description: String?
    /// How many of its tools the asker may see.
    package var toolCount: Int
    /// Own names of its first (most used) tools, at most ``DiscoveryServer/namedTools``.
    package var tools: [String]

    /// How many tools are named for each server.
    package static let namedTools = 10
}
