package import GateProtocol

/// One place in which two definitions of a tool differ.
package struct DefinitionDifference: Sendable, Equatable {
    /// `inputSchema.properties.path.description`.
    package let path: String
    /// Nil for what has been added.
    package let before: JSONValue?
    /// Nil for what has been taken away.
    package let after: JSONValue?

    package init(path: String, before: JSONValue?, after: JSONValue?) {
        self.path = path
        self.before = before
        self.after = after
    }

    package static let most = 500

    /// The places in which they differ, in the order of the newer one; an object that is there or not is one place.
    ///
    /// - Returns: at most ``most``; whether there are more.
    package static func between(_ before: JSONValue, _ after: JSONValue) -> (all: [DefinitionDifference], isCut: Bool) {
        var found: [DefinitionDifference] = []
        collect(before, after, DefinitionPath(), &found)
        return (Array(found.prefix(most)), found.count > most)
    }

    private static func collect(
        _ before: JSONValue?, _ after: JSONValue?, _ path: DefinitionPath, _ found: inout [DefinitionDifference]
    ) {
        guard before != after, found.count <= most else { return }
        switch (before, after) {
        case (.object(let old)?, .object(let new)?):
            // By dictionary: two large objects are not compared each member with each.
            let known = Dictionary(old.members.map { (ExactText($0.key), $0.value) }) { first, _ in first }
            for member in new.members {
                collect(known[ExactText(member.key)], member.value, path.appending(member.key), &found)
            }
            let kept = Set(new.members.map { ExactText($0.key) })
            for member in old.members where !kept.contains(ExactText(member.key)) {
                collect(member.value, nil, path.appending(member.key), &found)
            }
        case (.array(let old)?, .array(let new)?):
            for index in 0..<max(old.count, new.count) {
                collect(
                    old.indices.contains(index) ? old[index] : Optional.none,
                    new.indices.contains(index) ? new[index] : Optional.none, path.appending(index), &found)
            }
        default: found.append(DefinitionDifference(path: "\(path)", before: before, after: after))
        }
    }

    package var json: JSONValue {
        var object = JSONObject([("path", .string(path))])
        object["change"] = before == nil ? "added" : after == nil ? "removed" : "changed"
        if let before { object["before"] = before }
        if let after { object["after"] = after }
        return .object(object)
    }
}
