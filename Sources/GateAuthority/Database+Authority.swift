import GateLicense
import GateProtocol
import GRDB

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Bytes as SQLite stores them.
enum Blob {
    static func value(_ bytes: [UInt8]) -> Data { Data(bytes) }
}

extension Database {
    /// - Throws: ``AuthorityError`` in words when there is none.
    func license(_ reference: LicenseReference) throws -> License {
        guard let license = try findLicense(reference) else {
            throw AuthorityError(.unknown, "There is no such license here. See: stonegate authority list")
        }
        return license
    }

    func findLicense(_ reference: LicenseReference) throws -> License? {
        let row =
            switch reference {
            case .id(let id):
                try Row.fetchOne(
                    self, sql: "SELECT \(License.columns) FROM licenses WHERE id = ?", arguments: [id])
            case .key(let key):
                try Row.fetchOne(
                    self, sql: "SELECT \(License.columns) FROM licenses WHERE key_digest = ?",
                    arguments: [Blob.value(key.digest)])
            }
        return try row.map { try License($0) }
    }

    func write(_ order: License.Order, of license: String) throws {
        try execute(
            sql: """
                UPDATE licenses SET order_kind = ?, order_id = ?, order_reason = ?, ordered_at = ?, effective_at = ?
                WHERE id = ?
                """,
            arguments: [
                order.kind.rawValue, order.id, order.reasonCode, order.orderedAt, order.effectiveAt, license,
            ])
    }

    /// The next number for something that is signed for this license.
    func nextSequence(_ license: String) throws -> Int {
        try Int.fetchOne(
            self, sql: "UPDATE licenses SET seq = seq + 1 WHERE id = ? RETURNING seq", arguments: [license])
            ?? 0
    }

    func seats(of license: String? = nil) throws -> [Seat] {
        let rows = try Row.fetchAll(
            self,
            sql: "SELECT * FROM seats WHERE license_id = coalesce(?, license_id) ORDER BY activated_at, instance_id",
            arguments: [license])
        return rows.map(Database.readSeat)
    }

    func seat(_ license: String, _ instance: String) throws -> Seat? {
        try Row.fetchOne(
            self, sql: "SELECT * FROM seats WHERE license_id = ? AND instance_id = ?", arguments: [license, instance]
        ).map(Database.readSeat)
    }

    func seatCount(_ license: String) throws -> Int {
        try Int.fetchOne(self, sql: "SELECT count(*) FROM seats WHERE license_id = ?", arguments: [license]) ?? 0
    }

    func write(_ seat: Seat) throws {
        let counters = JSONObject(seat.counters.sorted { $0.key < $1.key }.map { ($0.key, JSONValue($0.value)) })
        try execute(
            sql: """
                INSERT INTO seats(license_id, instance_id, activated_at, seen_at, version, counters)
                VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT DO UPDATE SET seen_at = excluded.seen_at, version = excluded.version, counters = excluded.counters
                """,
            arguments: [
                seat.licenseID, seat.instanceID, seat.activatedAt, seat.seenAt, seat.version,
                JSONValue.object(counters).text,
            ])
    }

    /// - Returns: whether there was one.
    func removeSeat(_ license: String, _ instance: String) throws -> Bool {
        try execute(
            sql: "DELETE FROM seats WHERE license_id = ? AND instance_id = ?", arguments: [license, instance])
        return changesCount > 0
    }

    func journal(
        _ event: String, at now: Int, license: String? = nil, instance: String? = nil, detail: String = ""
    ) throws {
        try execute(
            sql: "INSERT INTO journal(at, event, license_id, instance_id, detail) VALUES (?, ?, ?, ?, ?)",
            arguments: [now, event, license, instance, detail])
    }

    private static func readSeat(_ row: Row) -> Seat {
        let counters = try? JSONValue(parsing: row["counters"] as String)
        let members = (counters?.objectValue?.members ?? []).compactMap { member in
            member.value.intValue.map { (member.key, $0) }
        }
        return Seat(
            licenseID: row["license_id"], instanceID: row["instance_id"], activatedAt: row["activated_at"],
            seenAt: row["seen_at"], version: row["version"],
            counters: Dictionary(members, uniquingKeysWith: { first, _ in first }))
    }
}
