extension Search {
    /// The answer to an empty query: the servers with at least one visible tool.
    func servers(_ query: DiscoveryQuery, limit: Int, offset: Int) -> DiscoveryAnswer {
        var answer = DiscoveryAnswer()
        for segment in snapshot.segments {
            if let server = query.server, !server.utf8.elementsEqual(segment.server.utf8) { continue }
            var names = segment.tools.map(\.name)
            if let isVisible = query.isVisible { names.removeAll { !isVisible(segment.server, $0) } }
            guard !names.isEmpty else { continue }
            answer.total += 1
            guard answer.total > offset, answer.servers.count < limit else { continue }
            let count = names.count
            if let usage = query.usage {
                let counted = names.enumerated().map {
                    (order: $0.offset, name: $0.element, calls: usage(segment.server, $0.element))
                }
                names = counted.sorted { ($1.calls, $0.order) < ($0.calls, $1.order) }.map(\.name)
            }
            answer.servers.append(
                DiscoveryServer(
                    server: segment.server, title: segment.title, description: segment.description, toolCount: count,
                    tools: Array(names.prefix(DiscoveryServer.namedTools))))
        }
        let end = offset < answer.total ? offset + answer.servers.count : answer.total
        if !answer.servers.isEmpty, end < answer.total { answer.nextOffset = end }
        return answer
    }
}
