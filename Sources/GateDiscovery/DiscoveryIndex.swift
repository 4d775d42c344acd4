import Synchronization

/// Finds tools by words and meaning. In memory, without network; safe to use from any thread.
///
/// A change is indexed on the caller's thread and then swapped in; queries that run meanwhile see the state before it.
package final class DiscoveryIndex: Sendable {
    private struct State {
        var snapshot = Snapshot([])
        /// Tickets are handed out in the order of the calls; a slower, older change never replaces a newer one.
        var lastTicket: UInt64 = 0
        var installed: [String: UInt64] = [:]
    }

    private let state = Mutex(State())
    private let ranking: Ranking

    package init(ranking: Ranking = Ranking()) {
        self.ranking = ranking
    }

    /// Indexes a server, in place of what was known of it.
    /// - Parameters:
    ///   - title: the server's own title, from its handshake.
    ///   - description: what the server says about itself (its instructions).
    package func replace(server: String, title: String?, description: String?, tools: [DiscoveryTool]) {
        let ticket = takeTicket()
        let segment = SegmentBuilder.build(
            server: server, title: title, description: description, tools: tools, ranking: ranking)
        install(segment, for: server, ticket)
    }

    /// Forgets a server.
    package func remove(server: String) {
        install(nil, for: server, takeTicket())
    }

    /// How many tools are indexed.
    package var toolCount: Int { state.withLock { $0.snapshot.toolCount } }

    /// The tools that fit, best first. Never fails; texts of any size and kind are allowed.
    package func search(_ query: DiscoveryQuery) -> DiscoveryAnswer {
        let snapshot = state.withLock { $0.snapshot }
        return Search(snapshot: snapshot, ranking: ranking).answer(query)
    }

    private func takeTicket() -> UInt64 {
        state.withLock { state in
            state.lastTicket += 1
            return state.lastTicket
        }
    }

    private func install(_ segment: Segment?, for server: String, _ ticket: UInt64) {
        state.withLock { state in
            if let newest = state.installed[server], newest > ticket { return }
            state.installed[server] = ticket
            state.snapshot = state.snapshot.replacing(server, with: segment)
        }
    }
}
