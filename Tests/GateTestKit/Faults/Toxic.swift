/// What a ``ToxicProxy`` does to a connection, and when.
package struct Toxic: Sendable, Hashable, CustomStringConvertible {
    package enum Kind: String, Sendable, CaseIterable {
        /// Everything of the answer comes 80 ms late.
        case latency
        /// Nothing more comes, and the connection stays open.
        case stall
        /// A TCP reset.
        case reset
        /// The server's side ends, the client's stays open.
        case halfClose = "half-close"
        /// The connection is closed in the orderly way.
        case truncate
        /// One byte every 5 ms.
        case trickle
        /// What the client sends is lost as well.
        case blackhole
        /// New connections are closed at once.
        case refuse
    }

    package enum Moment: String, Sendable, CaseIterable {
        /// The request has reached the server, nothing of its answer has left the proxy.
        case before
        /// Half of the answer has left.
        case during
        /// All of it has.
        case after
    }

    package var kind: Kind
    package var moment: Moment

    package init(_ kind: Kind, _ moment: Moment) {
        self.kind = kind
        self.moment = moment
    }

    package var description: String { "\(kind.rawValue) \(moment.rawValue) response" }

    package static let all = Kind.allCases.flatMap { kind in Moment.allCases.map { Toxic(kind, $0) } }
}
