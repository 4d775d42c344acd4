package import GateLicense
import GRDB

/// What gateways ask. All of it runs on the database's thread: the keys are read there, so that a rotation counts at once.
extension Authority {
    /// How long an entitlement is valid, unless its license ends before.
    static let entitlementDays = 30
    static let graceDays = 14
    /// How long one telling of an order may be acted on.
    static let orderValidity = 86_400
    static let day = 86_400

    /// Grants an entitlement, and a seat to an instance that has none yet.
    package func activate(_ request: ActivationRequest, now: Int) async throws -> Delivery {
        try await database.write { [folder] database in
            guard var license = try database.findLicense(.key(request.key)) else {
                throw AuthorityRefusal(.licenseUnknown, "This authority has not issued this license key.")
            }
            try Authority.checkUsable(license, now)
            let known = try database.seat(license.id, request.instanceID)
            if known == nil {
                guard try database.seatCount(license.id) < license.seats else {
                    throw AuthorityRefusal(
                        .seatsTaken,
                        "All \(license.seats) seats of this license are taken. Run `stonegate deactivate` where one is not needed any "
                            + "more, or ask for more seats.")
                }
                try database.journal("activate", at: now, license: license.id, instance: request.instanceID)
            }
            try database.write(
                Seat(
                    licenseID: license.id, instanceID: request.instanceID, activatedAt: known?.activatedAt ?? now,
                    seenAt: now, version: request.version, counters: known?.counters ?? [:]))
            license.seq = try database.nextSequence(license.id)
            let keys = try folder.readKeys()
            return try keys.deliver(
                ActivationReply(
                    kid: keys.active.kid, nonce: request.nonce, licenseID: license.id,
                    instanceID: request.instanceID, serverTime: now, seq: license.seq,
                    entitlement: try Authority.entitlement(license, request.instanceID, keys, now)))
        }
    }

    /// Takes note that an instance lives, renews what it was granted and tells it what was ordered.
    package func heartbeat(_ request: HeartbeatRequest, now: Int) async throws -> Delivery {
        try await database.write { [folder] database in
            guard var license = try database.findLicense(.id(request.licenseID)),
                var seat = try database.seat(license.id, request.instanceID)
            else { throw Authority.unknownInstance }
            seat.seenAt = now
            seat.version = request.version
            seat.counters = request.counters
            try database.write(seat)
            license.seq = try database.nextSequence(license.id)
            let keys = try folder.readKeys()
            var reply = HeartbeatReply(
                kid: keys.active.kid, nonce: request.nonce, licenseID: license.id, instanceID: request.instanceID,
                serverTime: now, seq: license.seq)
            if !license.isRevoked, !license.isExpired(at: now) {
                reply.entitlement = try Authority.entitlement(license, request.instanceID, keys, now)
            }
            // An order from before this seat was taken was never meant for it.
            if let order = license.order, order.orderedAt >= seat.activatedAt {
                reply.command = LicenseCommand(
                    kind: order.kind, id: order.id, reasonCode: order.reasonCode, effectiveAt: order.effectiveAt,
                    notAfter: now + Authority.orderValidity, seq: license.seq)
            }
            return try keys.deliver(reply)
        }
    }

    /// Takes a seat back.
    package func deactivate(_ request: DeactivationRequest, now: Int) async throws -> Delivery {
        try await database.write { [folder] database in
            guard let license = try database.findLicense(.id(request.licenseID)),
                try database.removeSeat(license.id, request.instanceID)
            else { throw Authority.unknownInstance }
            try database.journal("deactivate", at: now, license: license.id, instance: request.instanceID)
            let keys = try folder.readKeys()
            return try keys.deliver(
                DeactivationReply(
                    kid: keys.active.kid, nonce: request.nonce, licenseID: license.id,
                    instanceID: request.instanceID, serverTime: now, seq: try database.nextSequence(license.id)))
        }
    }

    private static let unknownInstance = AuthorityRefusal(
        .instanceUnknown, "This instance has no seat of this license. Run: stonegate activate")

    private static func checkUsable(_ license: License, _ now: Int) throws {
        if license.isRevoked {
            throw AuthorityRefusal(
                .licenseRevoked,
                "This license has been revoked (\(license.order?.reasonCode ?? "")). Ask whoever issued it.")
        }
        if license.isExpired(at: now) {
            throw AuthorityRefusal(.licenseExpired, "This license has expired. Ask whoever issued it for a new one.")
        }
    }

    private static func entitlement(
        _ license: License, _ instance: String, _ keys: AuthorityKeys, _ now: Int
    ) throws -> SignedEnvelope {
        let end = min(now + entitlementDays * day, license.expiresAt ?? .max)
        return try keys.active.seal(
            Entitlement(
                kid: keys.active.kid, licenseID: license.id, instanceID: instance, tier: license.tier,
                limits: license.limits, issuedAt: now, notAfter: end, graceDays: graceDays, seq: license.seq))
    }
}
