/// Whose an instance is when instances are not shared.
package enum InstanceOwner: Hashable, Sendable, CustomStringConvertible {
    /// An agent, by its name.
    case agent(ExactText)
    /// An agent whose name was given to it on purpose, so that it tells agents apart.
    case namedAgent(ExactText)
    /// All agents of a tenant; those of none, with an empty name.
    case tenant(ExactText)
    /// A session of the protocol.
    case session(high: UInt64, low: UInt64)
    /// A session that the caller itself names.
    case namedSession(ExactText)

    package var description: String {
        switch self {
        case .agent(let name), .namedAgent(let name): "agent \(name)"
        case .tenant(let name): name.text.isEmpty ? "no tenant" : "tenant \(name)"
        // Part of it tells sessions apart for people; the whole would let others pass for it.
        case .session(let high, _): "session \(String(high >> 32, radix: 16))"
        case .namedSession(let name): "session \(name)"
        }
    }
}
