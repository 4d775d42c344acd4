import GateProtocol

/// The `subscriptions/listen` streams of one connection (2026-07-28): one is in force, and a new one takes its place before it is
/// closed, because what a stream was asked for cannot be changed. A value.
struct ListenPlan: Sendable {
    /// What a stream is asked for.
    struct Filter: Sendable, Hashable {
        var tools = false
        var prompts = false
        var resources = false
        var uris: [String] = []

        var isEmpty: Bool { !tools && !prompts && !resources && uris.isEmpty }

        var json: JSONValue {
            var members = JSONObject()
            if tools { members["toolsListChanged"] = true }
            if prompts { members["promptsListChanged"] = true }
            if resources { members["resourcesListChanged"] = true }
            if !uris.isEmpty { members["resourceSubscriptions"] = .array(uris.map { .string($0) }) }
            return .object(members)
        }
    }

    struct Opened: Sendable {
        /// Streams that it replaces: to be closed.
        let replaced: [UInt64]
        let filter: Filter
        /// Whether nothing was listened to before: what changed until now was not announced.
        let isFirst: Bool
    }

    private struct Stream: Sendable {
        let key: UInt64
        let filter: Filter
        var isOpen = false
    }

    /// Oldest first.
    private var streams: [Stream] = []
    /// The filter that the backend has refused.
    private var refused: Filter?

    /// Whether a stream for this filter has to be begun.
    func wants(_ filter: Filter) -> Bool {
        guard !filter.isEmpty, filter != refused else { return false }
        return streams.last?.filter != filter
    }

    mutating func begin(_ key: UInt64, _ filter: Filter) { streams.append(Stream(key: key, filter: filter)) }

    /// The backend has acknowledged a stream.
    mutating func opened(_ key: UInt64) -> Opened? {
        guard let index = streams.firstIndex(where: { $0.key == key && !$0.isOpen }) else { return nil }
        let isFirst = !streams.contains(where: \.isOpen)
        streams[index].isOpen = true
        let replaced = streams[..<index].map(\.key)
        streams.removeFirst(index)
        return Opened(replaced: replaced, filter: streams[0].filter, isFirst: isFirst)
    }

    /// Whether a stream has been asked for and not been acknowledged.
    func isPending(_ key: UInt64) -> Bool { streams.contains { $0.key == key && !$0.isOpen } }

    /// A stream has ended, or could not be begun.
    /// - Returns: whether another one is needed in its place; false when it had been replaced.
    mutating func ended(_ key: UInt64, refused isRefused: Bool) -> Bool {
        guard let index = streams.firstIndex(where: { $0.key == key }) else { return false }
        let stream = streams.remove(at: index)
        if isRefused { refused = stream.filter }
        return streams.isEmpty && !isRefused
    }

    /// Whether an update that names this stream is to be heard: of two that overlap only the one in force counts.
    func isInForce(_ key: UInt64) -> Bool { streams.first { $0.isOpen }?.key == key }

    /// All streams, when there is nothing left to listen to.
    mutating func closeAll() -> [UInt64] {
        defer { streams = [] }
        return streams.map(\.key)
    }
}
