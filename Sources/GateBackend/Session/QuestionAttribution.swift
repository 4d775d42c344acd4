import GateCore
import GateProtocol

/// Whose call a message belongs to that says nothing of it: a question or a log message on a pipe.
enum QuestionAttribution {
    /// A call of an agent that is open on the connection.
    struct Candidate {
        let key: UInt64
        let owner: InstanceOwner
        /// Whether its caller can take the message.
        let isWilling: Bool
    }

    enum Verdict: Equatable {
        case call(UInt64)
        /// No agent's call is open.
        case noCall
        /// Calls of several agents or sessions are open, and nobody can know which is meant.
        case uncertain
        /// It is certain whose it is, and that one cannot take it.
        case unwilling
    }

    /// Certain is what belongs to the only call, or to one session or one named agent alone: then its newest call that can take it.
    /// The name that a client gives itself proves nothing: most clients of one framework give the same.
    static func decide(_ candidates: [Candidate]) -> Verdict {
        guard let first = candidates.first else { return .noCall }
        if candidates.count > 1 {
            if case .agent = first.owner { return .uncertain }
            guard candidates.allSatisfy({ $0.owner == first.owner }) else { return .uncertain }
        }
        return candidates.filter(\.isWilling).map(\.key).max().map { .call($0) } ?? .unwilling
    }
}

extension BackendConnection.State {
    /// Whose a message is.
    /// - Parameter exchange: the request on whose stream it came, where the transport knows. What comes late on the stream of
    ///   a call that is over belongs to nobody.
    mutating func attribute(
        _ exchange: UInt64?, now: Instant, _ isWilling: (CallListener) -> Bool
    ) -> QuestionAttribution.Verdict {
        if let exchange {
            guard let entry = table.entries[exchange], entry.owner != nil else { return .noCall }
            return entry.listener.map(isWilling) ?? false ? .call(exchange) : .unwilling
        }
        guard let gone = givenUp.candidates(now: now) else { return .uncertain }
        return QuestionAttribution.decide(table.candidates(isWilling) + gone)
    }

    /// A call that nobody waits for any more, and whose end is not known.
    mutating func noteGivenUp(_ key: UInt64, _ entry: PendingTable.Entry, now: Instant) {
        if let owner = entry.owner { givenUp.add(key, owner, now: now) }
    }
}
