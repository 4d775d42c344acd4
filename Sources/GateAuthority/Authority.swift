package import GateCore
import GateCrypto
package import GateLicense
import GateProtocol
import GateStore
import GRDB

/// Issues licenses, revokes and restores them, and answers gateways, out of one directory.
///
/// Several processes may use the same directory: the server and its operator's commands see each other's changes at once.
package final class Authority: Sendable {
    let folder: AuthorityFolder
    let database: DatabasePool

    /// Makes the keys and the database.
    ///
    /// - Throws: when there is an authority already: its keys are never replaced by this.
    package static func create(
        at path: String, now: Int, using random: inout some RandomNumberGenerator
    ) throws(AuthorityError) -> Authority {
        let folder = AuthorityFolder(path: path)
        try folder.make()
        guard !folder.hasKeys else {
            throw AuthorityError(
                .conflict,
                "There is an authority in \(path) already. Its keys: stonegate authority keys --dir \(path) — a new one needs another "
                    + "--dir.")
        }
        let keys = try AuthorityKeys.make(using: &random)
        try folder.writeKeys(keys)
        let authority = try Authority(folder)
        try authority.change { database in
            try database.journal("init", at: now, detail: "key \(keys.active.kid), next key \(keys.next.kid)")
        }
        return authority
    }

    /// - Throws: when there is none in this directory, or it cannot be used.
    package convenience init(at path: String) throws(AuthorityError) {
        let folder = AuthorityFolder(path: path)
        try folder.checkPrivate()
        _ = try folder.readKeys()
        try self.init(folder)
    }

    private init(_ folder: AuthorityFolder) throws(AuthorityError) {
        self.folder = folder
        let file = StoreFile(
            path: folder.database, schema: .authority, isDurable: true, isShared: true, advice: "choose another --dir")
        do throws(StoreFailure) {
            database = try file.open(salvage: nil)
        } catch {
            throw AuthorityError(error)
        }
    }

    package func close() { try? database.close() }

    /// What gateways put into `[license] trusted_keys`.
    package func trustedKeys() throws(AuthorityError) -> [String] { try folder.readKeys().trustedKeys }

    // MARK: What the operator does

    package struct Terms: Sendable {
        package var tier: Tier
        package var seats: Int
        package var limits: LicenseLimits
        package var expiresAt: Int?
        package var name: String

        package init(
            tier: Tier, seats: Int, limits: LicenseLimits = LicenseLimits(), expiresAt: Int? = nil, name: String = ""
        ) {
            self.tier = tier
            self.seats = seats
            self.limits = limits
            self.expiresAt = expiresAt
            self.name = name
        }
    }

    /// - Returns: the license, and its key: the only time that there is one.
    package func issue(
        _ terms: Terms, now: Int, using random: inout some RandomNumberGenerator
    ) throws(AuthorityError) -> (license: License, key: LicenseKey) {
        let key = LicenseKey(using: &random)
        let license = License(
            id: Authority.newID("lic_", &random), name: terms.name, tier: terms.tier, seats: terms.seats,
            limits: terms.limits, issuedAt: now, expiresAt: terms.expiresAt, seq: 0)
        try change { database in
            try database.execute(
                sql: """
                    INSERT INTO licenses(id, key_digest, name, tier, seats, backends, agents, issued_at, expires_at)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    license.id, Blob.value(key.digest), license.name, license.tier.rawValue, license.seats,
                    license.limits.backends, license.limits.agents, now, license.expiresAt,
                ])
            try database.journal(
                "issue", at: now, license: license.id, detail: "\(license.tier.rawValue), seats \(license.seats)")
        }
        return (license, key)
    }

    /// Ends a license. Its instances learn it with their next heartbeat; nothing changes for them before `effectiveAt`.
    package func revoke(
        _ reference: LicenseReference, reasonCode: String, effectiveAt: Int, now: Int,
        using random: inout some RandomNumberGenerator
    ) throws(AuthorityError) -> License {
        let id = Authority.newID("cmd_", &random)
        return try change { database in
            var license = try database.license(reference)
            guard !license.isRevoked else {
                throw AuthorityError(
                    .conflict, "\(license.id) is revoked already. To undo it: stonegate authority restore \(license.id)"
                )
            }
            let order = License.Order(
                kind: .die, id: id, reasonCode: reasonCode, orderedAt: now, effectiveAt: effectiveAt)
            license.order = order
            try database.write(order, of: license.id)
            try database.journal(
                "revoke", at: now, license: license.id,
                detail: "\(reasonCode), effective at \(effectiveAt), order \(id)")
            return license
        }
    }

    /// Undoes ``revoke(_:reasonCode:effectiveAt:now:using:)``.
    package func restore(
        _ reference: LicenseReference, reasonCode: String, now: Int, using random: inout some RandomNumberGenerator
    ) throws(AuthorityError) -> License {
        let id = Authority.newID("cmd_", &random)
        return try change { database in
            var license = try database.license(reference)
            guard license.isRevoked else { throw AuthorityError(.conflict, "\(license.id) is not revoked.") }
            let order = License.Order(
                kind: .restore, id: id, reasonCode: reasonCode, orderedAt: now, effectiveAt: now)
            license.order = order
            try database.write(order, of: license.id)
            try database.journal("restore", at: now, license: license.id, detail: "\(reasonCode), order \(id)")
            return license
        }
    }

    /// Takes a seat from an instance that cannot give it back itself. What that instance was granted goes on until its end.
    package func release(
        _ reference: LicenseReference, instance: String, now: Int
    ) throws(AuthorityError) -> License {
        try change { database in
            let license = try database.license(reference)
            guard try database.removeSeat(license.id, instance) else {
                throw AuthorityError(
                    .unknown, "\(license.id) has no such instance. See: stonegate authority list --json")
            }
            try database.journal("release", at: now, license: license.id, instance: instance)
            return license
        }
    }

    /// Goes over to the next key. Everything that is signed from now on is signed with it.
    ///
    /// - Returns: ``trustedKeys()`` of now.
    package func rotate(
        now: Int, using random: inout some RandomNumberGenerator
    ) throws(AuthorityError) -> [String] {
        var generator = random
        defer { random = generator }
        let made = try change { database in
            // Inside the transaction, so that two rotations cannot start from the same key.
            let old = try folder.readKeys()
            let new = try old.rotated(at: now, using: &generator)
            try database.journal(
                "rotate", at: now, detail: "key \(old.active.kid) to \(new.active.kid), next key \(new.next.kid)")
            try folder.writeKeys(new)
            return new
        }
        return made.trustedKeys
    }

    /// All licenses, oldest first, with the seats that are taken.
    package func licenses() throws(AuthorityError) -> [(license: License, seats: [Seat])] {
        try look { database in
            let seats = Dictionary(grouping: try database.seats(), by: \.licenseID)
            let rows = try Row.fetchAll(
                database, sql: "SELECT \(License.columns) FROM licenses ORDER BY issued_at, id")
            return try rows.map { row in
                let license = try License(row)
                return (license, seats[license.id] ?? [])
            }
        }
    }

    /// The newest entries, oldest first.
    package func journal(limit: Int) throws(AuthorityError) -> [JournalEntry] {
        try look { database in
            try Row.fetchAll(database, sql: "SELECT * FROM journal ORDER BY number DESC LIMIT ?", arguments: [limit])
                .reversed().map { row in
                    JournalEntry(
                        number: row["number"], at: row["at"], event: row["event"], licenseID: row["license_id"],
                        instanceID: row["instance_id"], detail: row["detail"])
                }
        }
    }

    // MARK: The database

    private func change<Value>(_ body: (Database) throws -> Value) throws(AuthorityError) -> Value {
        do { return try database.write(body) } catch { throw Authority.failure(error) }
    }

    private func look<Value>(_ body: (Database) throws -> Value) throws(AuthorityError) -> Value {
        do { return try database.read(body) } catch { throw Authority.failure(error) }
    }

    static func failure(_ error: any Error) -> AuthorityError {
        error as? AuthorityError ?? AuthorityError(StoreFailure(error))
    }

    /// 100 random bits.
    private static func newID(_ prefix: String, _ random: inout some RandomNumberGenerator) -> String {
        let letters = Array("0123456789abcdefghjkmnpqrstvwxyz")
        return prefix + String((0..<20).map { _ in letters[Int.random(in: 0..<32, using: &random)] })
    }
}

/// How an operator names a license.
package enum LicenseReference: Sendable {
    case id(String)
    case key(LicenseKey)

    /// A key, else an id.
    package init(_ text: String) {
        if let key = try? LicenseKey(text) { self = .key(key) } else { self = .id(text) }
    }
}
