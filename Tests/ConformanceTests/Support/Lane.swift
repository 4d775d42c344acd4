/// Which way of MCP somebody speaks: the handshake up to 2025-11-25, or everything on each request.
enum Era: String, Sendable, CaseIterable, Hashable {
    case legacy, modern
}

enum Carrier: String, Sendable, CaseIterable, Hashable {
    case http, stdio
}

/// Who meets whom.
struct Pairing: Sendable, Hashable, CustomStringConvertible {
    var agent: Era
    var backend: Era

    static let all = Era.allCases.flatMap { agent in Era.allCases.map { Pairing(agent: agent, backend: $0) } }

    var description: String { "\(agent.rawValue) → \(backend.rawValue)" }
}

/// One way through the gateway: an agent of an era on a transport, and a backend of an era on a transport.
struct Lane: Sendable, Hashable, CustomStringConvertible {
    var agent: Era
    var front: Carrier
    var backend: Era
    var back: Carrier

    static let all = Pairing.all.flatMap { pairing in
        Carrier.allCases.flatMap { front in
            Carrier.allCases.map { Lane(agent: pairing.agent, front: front, backend: pairing.backend, back: $0) }
        }
    }

    var pairing: Pairing { Pairing(agent: agent, backend: backend) }

    /// The backend's name, and the end of all names that it offers.
    var server: String {
        [agent.rawValue, front.rawValue, backend.rawValue, back.rawValue].map { String($0.prefix(1)) }.joined()
    }
    var tag: String { "_" + server }

    /// Such as `http|stdio`: the agent's transport, then the backend's.
    var carriers: String { "\(front.rawValue)|\(back.rawValue)" }
    var description: String { "\(pairing) over \(carriers)" }
}
