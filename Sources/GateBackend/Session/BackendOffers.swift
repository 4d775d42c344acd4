package import GateProtocol

/// What a backend says it can do: the server capabilities that the gateway has a use for.
package struct BackendOffers: OptionSet, Sendable, Hashable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let tools = BackendOffers(rawValue: 1 << 0)
    package static let toolChanges = BackendOffers(rawValue: 1 << 1)
    package static let resources = BackendOffers(rawValue: 1 << 2)
    package static let resourceChanges = BackendOffers(rawValue: 1 << 3)
    /// It tells those who follow a resource that it has changed.
    package static let resourceUpdates = BackendOffers(rawValue: 1 << 4)
    package static let prompts = BackendOffers(rawValue: 1 << 5)
    package static let promptChanges = BackendOffers(rawValue: 1 << 6)
    package static let completions = BackendOffers(rawValue: 1 << 7)
    package static let logging = BackendOffers(rawValue: 1 << 8)

    package static let all = BackendOffers(rawValue: (1 << 9) - 1)

    /// Reads a `capabilities` object.
    package init(_ json: JSONValue?, version: ProtocolVersion) {
        self = []
        func offers(_ name: String) -> Bool { json?[name]?.objectValue != nil }
        func flag(_ name: String, _ member: String) -> Bool { json?[name]?[member]?.boolValue ?? false }
        if offers("tools") { insert(.tools) }
        if flag("tools", "listChanged") { insert(.toolChanges) }
        if offers("resources") { insert(.resources) }
        if flag("resources", "listChanged") { insert(.resourceChanges) }
        if flag("resources", "subscribe") { insert(.resourceUpdates) }
        if offers("prompts") { insert(.prompts) }
        if flag("prompts", "listChanged") { insert(.promptChanges) }
        // The oldest revision has completion, and no capability for it.
        if offers("completions") || (version == .v2024_11_05 && (contains(.prompts) || contains(.resources))) {
            insert(.completions)
        }
        if offers("logging") { insert(.logging) }
    }

    /// The lists that there are.
    package var lists: Set<ListKind> {
        var kinds: Set<ListKind> = []
        if contains(.tools) { kinds.insert(.tools) }
        if contains(.resources) { kinds.formUnion([.resources, .resourceTemplates]) }
        if contains(.prompts) { kinds.insert(.prompts) }
        return kinds
    }
}
