/// What a license is for, lowest first.
package enum LicenseTier: String, Sendable, Hashable, CaseIterable, Comparable {
    case free, pro, enterprise

    package static func < (left: LicenseTier, right: LicenseTier) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .free: 0
        case .pro: 1
        case .enterprise: 2
        }
    }
}
