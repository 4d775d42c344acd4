import GateProtocol

/// What a subscription wants to be told of, and after it has been looked at, what it is told of.
struct SubscriptionFilter: Sendable, Equatable {
    var kinds: CatalogKinds = []
    /// As the client wrote them, without repetition.
    var resources: [String] = []
    /// Tasks by their ids, without repetition; nil when there was no word of tasks.
    var tasks: [String]?

    private static let names: KeyValuePairs<String, CatalogKinds> = [
        "toolsListChanged": .tools, "promptsListChanged": .prompts, "resourcesListChanged": .resources,
    ]

    init() {}

    /// Reads `params.notifications`. What is not known is no part of what will be granted.
    init(_ json: JSONValue) {
        for (name, kind) in SubscriptionFilter.names where json[name]?.boolValue == true { kinds.insert(kind) }
        var seen: Set<[UInt8]> = []
        for uri in (json["resourceSubscriptions"]?.arrayValue ?? []).compactMap(\.stringValue)
        where seen.insert(Array(uri.utf8)).inserted {
            resources.append(uri)
        }
        tasks = json["taskIds"]?.arrayValue.map { ids in
            var known: Set<[UInt8]> = []
            return ids.compactMap(\.stringValue).filter { known.insert(Array($0.utf8)).inserted }
        }
    }

    /// As the acknowledgement names it.
    var json: JSONValue {
        var members = JSONObject()
        for (name, kind) in SubscriptionFilter.names where kinds.contains(kind) { members[name] = true }
        if !resources.isEmpty { members["resourceSubscriptions"] = .array(resources.map { .string($0) }) }
        if let tasks, !tasks.isEmpty { members["taskIds"] = .array(tasks.map { .string($0) }) }
        return .object(members)
    }
}
