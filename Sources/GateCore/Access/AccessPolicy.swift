/// What one caller may use: all of its rules must allow it, its tenant's and its own. The one decision that every list, search, status and
/// call goes by, so that what is listed can be called and what cannot be called is not listed.
///
/// Two policies with the same rules are equal: callers that may use the same share what is kept of lists.
package final class AccessPolicy: Hashable, Sendable {
    /// Which rule decided, for people.
    package enum Decision: Equatable, Sendable {
        /// - by: the allowing pattern of each set of rules, with its owner.
        case allowed(by: [Rule])
        case denied(by: Rule)
        /// No pattern of this owner allows it.
        case unmentioned(owner: String)

        package var isAllowed: Bool { if case .allowed = self { true } else { false } }
    }

    package struct Rule: Equatable, Sendable {
        package let owner: String
        package let pattern: AccessPattern
    }

    package let rules: [AccessRules]
    private let hash: Int

    package init(_ rules: [AccessRules]) {
        self.rules = rules
        var hasher = Hasher()
        hasher.combine(rules)
        hash = hasher.finalize()
    }

    /// Nothing at all.
    package static let none = AccessPolicy([AccessRules(owner: "nobody", tools: .none)])

    package func permits(_ kind: AccessKind, server: String, item: String) -> Bool {
        rules.allSatisfy { $0.list(kind).permits(server: server, item: item) }
    }

    /// Whether a server exists for the caller: something of it can be allowed.
    package func reaches(_ server: String) -> Bool {
        AccessKind.allCases.contains { kind in rules.allSatisfy { $0.list(kind).reaches(server) } }
    }

    /// The same decision as ``permits(_:server:item:)``, with its reason.
    package func decide(_ kind: AccessKind, server: String, item: String) -> Decision {
        var allowing: [Rule] = []
        for rules in rules {
            let list = rules.list(kind)
            if let pattern = list.deny.first(where: { $0.matches(server: server, item: item) }) {
                return .denied(by: Rule(owner: rules.owner, pattern: pattern))
            }
            guard let pattern = list.allow.first(where: { $0.matches(server: server, item: item) }) else {
                return .unmentioned(owner: rules.owner)
            }
            allowing.append(Rule(owner: rules.owner, pattern: pattern))
        }
        return .allowed(by: allowing)
    }

    package static func == (left: AccessPolicy, right: AccessPolicy) -> Bool {
        left === right || (left.hash == right.hash && left.rules == right.rules)
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(hash) }
}
