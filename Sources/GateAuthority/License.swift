package import GateCore
package import GateLicense
import GRDB

/// A license that the authority has issued. Its key is not kept, only the key's digest.
package struct License: Sendable, Equatable {
    /// What was ordered last: the license's end, or that it is good again.
    package struct Order: Sendable, Equatable {
        package var kind: LicenseCommand.Kind
        package var id: String
        package var reasonCode: String
        package var orderedAt: Int
        package var effectiveAt: Int
    }

    package var id: String
    /// For the operator, as given at the issue.
    package var name: String
    package var tier: Tier
    package var seats: Int
    package var limits: LicenseLimits
    package var issuedAt: Int
    /// nil: it has no end.
    package var expiresAt: Int?
    /// The last number that was given to something signed for this license.
    package var seq: Int
    package var order: Order?

    package var isRevoked: Bool { order?.kind == .die }
    package func isExpired(at now: Int) -> Bool { expiresAt.map { now >= $0 } ?? false }
}

extension License {
    static let columns =
        "id, name, tier, seats, backends, agents, issued_at, expires_at, seq, order_kind, order_id, order_reason, ordered_at, effective_at"

    init(_ row: Row) throws {
        guard let tier = Tier(rawValue: row["tier"]) else {
            throw StoreFailure.broken("a license has the unknown tier \(row["tier"] as String)")
        }
        id = row["id"]
        name = row["name"]
        self.tier = tier
        seats = row["seats"]
        limits = LicenseLimits(backends: row["backends"], agents: row["agents"])
        issuedAt = row["issued_at"]
        expiresAt = row["expires_at"]
        seq = row["seq"]
        order = nil
        if let kind = (row["order_kind"] as String?).flatMap(LicenseCommand.Kind.init(rawValue:)) {
            order = Order(
                kind: kind, id: row["order_id"], reasonCode: row["order_reason"], orderedAt: row["ordered_at"],
                effectiveAt: row["effective_at"])
        }
    }
}

/// A gateway that holds a seat.
package struct Seat: Sendable, Equatable {
    package var licenseID: String
    package var instanceID: String
    package var activatedAt: Int
    /// Of the last message.
    package var seenAt: Int
    package var version: String
    /// What the last heartbeat counted.
    package var counters: [String: Int]
}

/// One line of the journal, which only grows.
package struct JournalEntry: Sendable, Equatable {
    package var number: Int
    package var at: Int
    package var event: String
    package var licenseID: String?
    package var instanceID: String?
    package var detail: String
}
