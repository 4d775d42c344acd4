/// What a license gives. Each tier has everything that the ones before it have.
package enum Tier: String, Sendable, CaseIterable {
    case free
    case pro
    case enterprise

    /// As people read it: "Enterprise".
    package var title: String {
        switch self {
        case .free: "Free"
        case .pro: "Pro"
        case .enterprise: "Enterprise"
        }
    }

    var rank: UInt8 {
        switch self {
        case .free: 0
        case .pro: 1
        case .enterprise: 2
        }
    }
}

extension Tier: Comparable {
    package static func < (left: Tier, right: Tier) -> Bool { left.rank < right.rank }
}
