package import GateCore

/// Everything that can change how a license stands. What comes from outside has been verified before.
package enum LicenseEvent: Sendable, Equatable {
    /// Time has passed.
    case tick
    /// The entitlement of a file, at the start or after a change of it.
    case found(Entitlement)
    /// An entitlement that answers an activation of our own.
    ///
    /// - Parameters:
    ///   - at: when the server answered, as it has signed.
    ///   - seq: of its answer.
    case activated(Entitlement, at: Int, seq: Int)
    case reply(LicenseReply)
    /// The license server could not be asked, or its answer was none.
    case heartbeatFailed
    /// The operator wants no license any more.
    case deactivated
}

/// What an event has led to, for the log and the audit log.
package enum LicenseNote: Sendable, Equatable {
    case changed(from: LicenseStanding, to: LicenseStanding, why: LicenseCause)
    /// A newer entitlement for the same license is in force.
    case renewed(sequence: Int)
    case refused(LicenseRefusal)
    /// The machine's clock is so far ahead that it is not believed, and would end the license.
    case clockAhead(seconds: Int)
}

package enum LicenseCause: String, Sendable {
    case entitlement
    case activation
    case heartbeat
    case heartbeatFailed = "heartbeat_failed"
    case expiry
    /// The machine's clock, which was not believed, is right again.
    case clock
    case revocation
    /// The moment of a revocation has come.
    case revocationEffective = "revocation_effective"
    case restoration
    case deactivation
}

/// Why something that was signed by a trusted key is ignored all the same.
package enum LicenseRefusal: String, Sendable, Error, CaseIterable {
    case otherInstance = "other_instance"
    case otherLicense = "other_license"
    /// Something newer was accepted before.
    case oldSequence = "old_sequence"
    case expired
    case orderVoid = "order_void"
    case orderTooLong = "order_too_long"
    case orderUsed = "order_used"
    /// There is no license that it could be about.
    case noLicense = "no_license"

    package var words: String {
        switch self {
        case .otherInstance: "it is for another installation"
        case .otherLicense: "it is about another license"
        case .oldSequence: "something newer was accepted before"
        case .expired: "its time is over, the days of grace included"
        case .orderVoid: "the command is not valid any more"
        case .orderTooLong: "the command is valid for more than 7 days, which no command may be"
        case .orderUsed: "the command was carried out before"
        case .noLicense: "there is no license here"
        }
    }
}
